# Latent vectors, clusters of maps with their labels, and the comparison of the methods.
CLUSTERS = {
    key: config["clustering"][key]
    for key in (
        "summary",
        "k",
        "epochs",
        "max_training_maps",
        "min_wet_share",
        "false_alarm_rate",
    )
}
K_FILE = ["results/clusters/k.json"] if CLUSTERS["k"] == "auto" else []
SEEDS = config["clustering"]["seeds"]
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


rule extract_latents:
    input:
        features=every_month("results/features/{month}.h5"),
        splits="results/splits.parquet",
        weights="results/models/autoencoder.safetensors",
        card="results/models/autoencoder.json",
    output:
        latents="results/latents.parquet",
    log:
        "logs/extract_latents.log",
    benchmark:
        "logs/extract_latents.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: 2
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        code=code("extract_latents"),
        summary=config["clustering"]["summary"],
    script:
        "../scripts/extract_latents.py"


rule describe_maps:
    input:
        features=every_month("results/features/{month}.h5"),
        splits="results/splits.parquet",
    output:
        portraits="results/portraits.parquet",
    log:
        "logs/describe_maps.log",
    benchmark:
        "logs/describe_maps.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("describe_maps"),
        threshold=config["scores"]["wet_threshold_mm_h"],
    script:
        "../scripts/describe_maps.py"


rule cluster_maps:
    input:
        features=every_month("results/features/{month}.h5"),
        latents="results/latents.parquet",
        encoder=[
            "results/models/autoencoder.safetensors",
            "results/models/autoencoder.json",
        ],
        k=K_FILE,
    output:
        weights="results/models/{method}.safetensors",
        card="results/models/{method}.json",
        clusters="results/clusters/{method}.parquet",
    log:
        "logs/cluster_maps/{method}.log",
    benchmark:
        "logs/cluster_maps/{method}.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        gpu=1,
        mem_mb=4000,
        runtime=240,
    params:
        code=code("cluster_maps"),
        clusters=CLUSTERS,
        seed=config["seed"],
        simulated=SIMULATED,
    script:
        "../scripts/cluster_maps.py"


rule label_clusters:
    input:
        clusters="results/clusters/{method}.parquet",
        tables=every_month("results/scores/{month}.parquet"),
        portraits="results/portraits.parquet",
    output:
        labels="results/models/{method}_labels.json",
        table="results/clusters/{method}_labels.parquet",
        transitions="results/clusters/{method}_transitions.parquet",
    log:
        "logs/label_clusters/{method}.log",
    benchmark:
        "logs/label_clusters/{method}.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        code=code("label_clusters"),
        resamples=config["evaluation"]["resamples"],
        seed=config["seed"],
    script:
        "../scripts/label_clusters.py"


rule average_clusters:
    input:
        clusters="results/clusters/{method}.parquet",
        features=every_month("results/features/{month}.h5"),
        scores=every_month("results/scores/{month}.nc"),
    output:
        maps="results/clusters/{method}_maps.nc",
    log:
        "logs/average_clusters/{method}.log",
    benchmark:
        "logs/average_clusters/{method}.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("average_clusters"),
    script:
        "../scripts/average_clusters.py"


rule make_surrogates:
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
        "logs/make_surrogates.log",
    benchmark:
        "logs/make_surrogates.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=6000,
        runtime=120,
    params:
        code=code("make_surrogates"),
        null={
            "min_wet": config["clustering"]["min_wet_share"],
            "most": config["clustering"]["max_training_maps"],
            "epochs": config["clustering"]["epochs"],
        },
        seed=config["seed"],
    script:
        "../scripts/make_surrogates.py"


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
        min_wet=config["clustering"]["min_wet_share"],
        options={
            "summary": config["clustering"]["summary"],
            "most_maps": config["clustering"]["max_training_maps"],
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
