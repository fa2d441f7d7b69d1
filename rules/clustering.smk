# Latent vectors, clusters of maps with their labels, and the comparison of the methods.
CLUSTERING = {
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
K_FILE = ["results/clusters/k.json"] if CLUSTERING["k"] == "auto" else []
SEEDS = config["clustering"]["seeds"]
REAL_MAPS = {
    "rain": every_month("results/features/{month}.h5"),
    "maps": "results/latents.parquet",
    "encoder": [
        "results/models/autoencoder.safetensors",
        "results/models/autoencoder.json",
    ],
}
SURROGATE_MAPS = {
    "rain": ["results/surrogates/rain.safetensors", "results/surrogates/rain.json"],
    "maps": "results/surrogates/maps.parquet",
    "encoder": [
        "results/surrogates/autoencoder.safetensors",
        "results/surrogates/autoencoder.json",
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
        mem_mb=memory(3000),
        runtime=minutes(60),
    params:
        code=code("extract_latents"),
        summary=CLUSTERING["summary"],
    script:
        "../scripts/extract_latents.py"


rule describe_maps:
    input:
        features=every_month("results/features/{month}.h5"),
        splits="results/splits.parquet",
    output:
        descriptors="results/map_descriptors.parquet",
    log:
        "logs/describe_maps.log",
    benchmark:
        "logs/describe_maps.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
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
        training=1,
        mem_mb=memory(4000),
        runtime=minutes(240),
    params:
        code=code("cluster_maps"),
        clustering=CLUSTERING,
        seed=config["seed"],
        simulated=SIMULATED,
    script:
        "../scripts/cluster_maps.py"


rule label_clusters:
    input:
        clusters="results/clusters/{method}.parquet",
        tables=every_month("results/scores/{month}.parquet"),
        descriptors="results/map_descriptors.parquet",
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
        mem_mb=memory(1000),
        runtime=minutes(20),
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
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        code=code("average_clusters"),
    script:
        "../scripts/average_clusters.py"


rule make_surrogates:
    input:
        features=every_month("results/features/{month}.h5"),
        latents="results/latents.parquet",
        tables=every_month("results/scores/{month}.parquet"),
        encoder=REAL_MAPS["encoder"],
    output:
        rain=SURROGATE_MAPS["rain"][0],
        card=SURROGATE_MAPS["rain"][1],
        maps=SURROGATE_MAPS["maps"],
        encoder=SURROGATE_MAPS["encoder"],
    log:
        "logs/make_surrogates.log",
    benchmark:
        "logs/make_surrogates.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(6000),
        runtime=minutes(120),
    params:
        code=code("make_surrogates"),
        min_wet_share=CLUSTERING["min_wet_share"],
        max_training_maps=CLUSTERING["max_training_maps"],
        epochs=CLUSTERING["epochs"],
        seed=config["seed"],
    script:
        "../scripts/make_surrogates.py"


rule repeat_clusters:
    input:
        unpack(
            lambda wildcards: REAL_MAPS if wildcards.kind == "real" else SURROGATE_MAPS
        ),
        k=K_FILE,
    output:
        clusters="results/methods/{kind}/{method}_{seed}.parquet",
    log:
        "logs/repeat_clusters/{kind}_{method}_{seed}.log",
    benchmark:
        "logs/repeat_clusters/{kind}_{method}_{seed}.tsv"
    wildcard_constraints:
        kind="real|surrogate",
        seed=r"\d+",
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=minutes(240),
    params:
        code=code("repeat_clusters"),
        clustering=CLUSTERING,
    script:
        "../scripts/repeat_clusters.py"


rule choose_k:
    input:
        rain=REAL_MAPS["rain"],
        latents=REAL_MAPS["maps"],
        tables=every_month("results/scores/{month}.parquet"),
        encoder=REAL_MAPS["encoder"],
        surrogate_rain=SURROGATE_MAPS["rain"],
        surrogate_maps=SURROGATE_MAPS["maps"],
        surrogate_encoder=SURROGATE_MAPS["encoder"],
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
        mem_mb=memory(4000),
        runtime=minutes(60),
    params:
        code=code("choose_k"),
        summary=CLUSTERING["summary"],
        max_training_maps=CLUSTERING["max_training_maps"],
        min_wet_share=CLUSTERING["min_wet_share"],
        seeds=SEEDS,
        resamples=config["evaluation"]["resamples"],
        seed=config["seed"],
    script:
        "../scripts/choose_k.py"


rule compare_methods:
    input:
        real_runs=expand(
            "results/methods/real/{method}_{seed}.parquet",
            method=METHODS,
            seed=SEEDS,
        ),
        surrogate_runs=expand(
            "results/methods/surrogate/{method}_{seed}.parquet",
            method=METHODS,
            seed=SEEDS,
        ),
        surrogate_maps=SURROGATE_MAPS["maps"],
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
        mem_mb=memory(1000),
        runtime=minutes(20),
    params:
        code=code("compare_methods"),
        methods=METHODS,
        seeds=SEEDS,
        k=CLUSTERING["k"],
        min_wet_share=CLUSTERING["min_wet_share"],
        resamples=config["evaluation"]["resamples"],
        seed=config["seed"],
    script:
        "../scripts/compare_methods.py"
