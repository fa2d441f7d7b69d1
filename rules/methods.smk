# The clustering methods beside one another, and beside maps that have no clusters.
SEEDS = config["clusters"]["seeds"]
REAL_WORLD = {
    "rain": every_month("results/features/{month}.h5"),
    "maps": "results/latents.parquet",
    "encoder": [
        "results/models/autoencoder.safetensors",
        "results/models/autoencoder.json",
    ],
}
NULL_WORLD = {
    "rain": ["results/null/rain.safetensors", "results/null/rain.json"],
    "maps": "results/null/maps.parquet",
    "encoder": [
        "results/null/autoencoder.safetensors",
        "results/null/autoencoder.json",
    ],
}


rule draw_null:
    input:
        features=every_month("results/features/{month}.h5"),
        latents="results/latents.parquet",
        tables=every_month("results/scores/{month}.parquet"),
        encoder=REAL_WORLD["encoder"],
    output:
        rain=NULL_WORLD["rain"][0],
        card=NULL_WORLD["rain"][1],
        maps=NULL_WORLD["maps"],
        encoder=NULL_WORLD["encoder"],
    log:
        "logs/draw_null.log",
    benchmark:
        "logs/draw_null.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=6000,
        runtime=120,
    params:
        code=code("draw_null"),
        null={
            "min_wet": config["clusters"]["min_wet"],
            "most": config["clusters"]["maps"],
            "epochs": config["clusters"]["epochs"],
        },
        seed=config["seed"],
    script:
        "../scripts/draw_null.py"


rule repeat_clusters:
    input:
        unpack(lambda wildcards: REAL_WORLD if wildcards.kind == "real" else NULL_WORLD),
        k=K_FILE,
    output:
        clusters="results/methods/{kind}/{method}_{start}.parquet",
    log:
        "logs/repeat_clusters/{kind}_{method}_{start}.log",
    benchmark:
        "logs/repeat_clusters/{kind}_{method}_{start}.tsv"
    wildcard_constraints:
        kind="real|null",
        start=r"\d+",
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        code=code("repeat_clusters"),
        clusters=CLUSTERS,
    script:
        "../scripts/repeat_clusters.py"


rule choose_k:
    input:
        rain=REAL_WORLD["rain"],
        latents=REAL_WORLD["maps"],
        tables=every_month("results/scores/{month}.parquet"),
        encoder=REAL_WORLD["encoder"],
        null_rain=NULL_WORLD["rain"],
        null_maps=NULL_WORLD["maps"],
        null=NULL_WORLD["encoder"],
    output:
        k="results/clusters/k.json",
        table="results/clusters/k.parquet",
    log:
        "logs/choose_k.log",
    benchmark:
        "logs/choose_k.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code("choose_k"),
        min_wet=config["clusters"]["min_wet"],
        options={
            "summary": config["clusters"]["summary"],
            "most_maps": config["clusters"]["maps"],
            "seeds": SEEDS,
            "resamples": config["evaluation"]["resamples"],
            "seed": config["seed"],
        },
    script:
        "../scripts/choose_k.py"


rule compare_methods:
    input:
        runs=expand(
            "results/methods/real/{method}_{start}.parquet",
            method=METHODS,
            start=SEEDS,
        ),
        null_runs=expand(
            "results/methods/null/{method}_{start}.parquet",
            method=METHODS,
            start=SEEDS,
        ),
        null_maps=NULL_WORLD["maps"],
        latents="results/latents.parquet",
        tables=every_month("results/scores/{month}.parquet"),
        k=K_FILE,
    output:
        table="results/clusters/methods.parquet",
    log:
        "logs/compare_methods.log",
    benchmark:
        "logs/compare_methods.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        code=code("compare_methods"),
        methods=METHODS,
        seeds=SEEDS,
        clusters=CLUSTERS,
        resamples=config["evaluation"]["resamples"],
        seed=config["seed"],
    script:
        "../scripts/compare_methods.py"


METHODS_FIGURES = ["methods"]


rule draw_methods:
    input:
        table="results/clusters/methods.parquet",
    output:
        figure=report(
            "results/figures/methods.svg",
            caption="../report/methods.rst",
            category="Figures",
        ),
    log:
        "logs/draw_methods.log",
    benchmark:
        "logs/draw_methods.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("draw_methods"),
        simulated=SIMULATED,
        period=f"{MONTHS[0]} to {MONTHS[-1]}, {len(MONTHS)} months",
    script:
        "../scripts/draw_methods.py"
