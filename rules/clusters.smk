# Latent vectors, and clusters of maps.
CLUSTERS = {
    key: config["clusters"][key]
    for key in ("summary", "k", "epochs", "maps", "min_wet", "novelty")
}

K_FILE = ["results/clusters/k.json"] if CLUSTERS["k"] == "auto" else []


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
        summary=config["clusters"]["summary"],
    script:
        "../scripts/extract_latents.py"


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
