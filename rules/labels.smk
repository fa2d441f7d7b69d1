# What each cluster is, what it says of the score, and what that is worth on held-out days.
GALLERY = ["clusters", "latents", "transitions"]
CLUSTER_FIGURES = GALLERY + (["desom_map"] if "desom" in METHODS else [])


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
        threshold=config["score"]["threshold"],
    script:
        "../scripts/describe_maps.py"


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


rule check_clusters:
    input:
        clusters="results/clusters/{method}.parquet",
        tables=every_month("results/scores/{month}.parquet"),
        features=every_month("results/features/{month}.h5"),
        model=["results/models/{method}.safetensors", "results/models/{method}.json"],
        unet=UNET,
    output:
        checks="results/clusters/{method}_coverage.parquet",
    log:
        "logs/check_clusters/{method}.log",
    benchmark:
        "logs/check_clusters/{method}.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: 2
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("check_clusters"),
        resamples=config["evaluation"]["resamples"],
        seed=config["seed"],
    script:
        "../scripts/check_clusters.py"


rule draw_clusters:
    input:
        clusters=f"results/clusters/{METHODS[0]}.parquet",
        labels=f"results/clusters/{METHODS[0]}_labels.parquet",
        transitions=f"results/clusters/{METHODS[0]}_transitions.parquet",
        maps=f"results/clusters/{METHODS[0]}_maps.nc",
        latents="results/latents.parquet",
        tables=every_month("results/scores/{month}.parquet"),
    output:
        [
            report(
                f"results/figures/{name}.svg",
                caption=f"../report/{name}.rst",
                category="Figures",
            )
            for name in GALLERY
        ],
    log:
        "logs/draw_clusters.log",
    benchmark:
        "logs/draw_clusters.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=1500,
        runtime=20,
    params:
        code=code("draw_clusters"),
        world="simulated" if SIMULATED else "real",
    script:
        "../scripts/draw_clusters.py"


if "desom" in METHODS:

    rule draw_desom:
        input:
            model=["results/models/desom.safetensors", "results/models/desom.json"],
            labels="results/clusters/desom_labels.parquet",
            maps="results/clusters/desom_maps.nc",
        output:
            figure=report(
                "results/figures/desom_map.svg",
                caption="../report/desom_map.rst",
                category="Figures",
            ),
        log:
            "logs/draw_desom.log",
        benchmark:
            "logs/draw_desom.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=1500,
            runtime=20,
        params:
            code=code("draw_desom"),
            world="simulated" if SIMULATED else "real",
        script:
            "../scripts/draw_desom.py"
