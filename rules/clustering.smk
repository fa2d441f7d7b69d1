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
# Methods that cluster rain maps by the auto-encoder; codes clusters them by their codes.
ENCODED = [method for method in METHODS if method != "codes"]
AUTOENCODER = [
    "results/models/autoencoder.safetensors",
    "results/models/autoencoder.json",
]
CODEBOOK = ["results/models/codebook.safetensors", "results/models/codebook.json"]
CODES = "results/codes/maps.h5"
# Comparison of encoders and methods on windows, on demand (clustering.window_methods).
WINDOW_SPLITS = ["train", "validation", "calibration", "test"]
WINDOW_SAMPLES = [*WINDOW_SPLITS, *CASES]
WINDOW_RUNS = [
    [windows, technique, codes, seed]
    for windows, techniques in {
        "pixel": ["classes"],
        "decoder": ["kmeans"],
        "bottleneck": ["kmeans"],
        "rain": ["kmeans"],
        "channels": config["clustering"]["window_methods"],
        "tuned": ["predictive"],
    }.items()
    for technique in techniques
    for codes in config["clustering"]["window_codes"]
    for seed in SEEDS
]


rule fit_codes:
    input:
        features=every_month("results/features/{month}.h5"),
        splits="results/splits.parquet",
        unet=UNET[:2],
    output:
        weights=CODEBOOK[0],
        card=CODEBOOK[1],
        curve="results/codes/curve.parquet",
    log:
        "logs/fit_codes.log",
    benchmark:
        "logs/fit_codes.tsv"
    priority: 1
    conda:
        "../envs/rainscore.yaml"
    threads: THREADS
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        code=code("fit_codes"),
        codes=config["clustering"]["codes"],
        families=config["clustering"]["families"],
        seeds=SEEDS,
        bootstrap={
            "resamples": config["evaluation"]["resamples"],
            "seed": config["seed"],
        },
        seed=config["seed"],
        simulated=SIMULATED,
    script:
        "../scripts/fit_codes.py"


rule assign_codes:
    input:
        features=every_month("results/features/{month}.h5"),
        splits="results/splits.parquet",
        unet=UNET[:2],
        codebook=CODEBOOK,
    output:
        codes=CODES,
    log:
        "logs/assign_codes.log",
    benchmark:
        "logs/assign_codes.tsv"
    priority: 1
    conda:
        "../envs/rainscore.yaml"
    threads: THREADS
    resources:
        mem_mb=memory(2000),
        runtime=minutes(120),
    params:
        code=code("assign_codes"),
    script:
        "../scripts/assign_codes.py"


rule describe_codes:
    input:
        features=every_month("results/features/{month}.h5"),
        scores=every_month("results/scores/{month}.nc"),
        splits="results/splits.parquet",
        codebook=CODEBOOK,
        codes=CODES,
    output:
        table="results/codes/atlas.parquet",
        prototypes="results/codes/prototypes.nc",
        atlas="results/models/codebook_atlas.json",
    log:
        "logs/describe_codes.log",
    benchmark:
        "logs/describe_codes.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        code=code("describe_codes"),
    script:
        "../scripts/describe_codes.py"


rule cluster_compositions:
    input:
        features=f"results/features/{MONTHS[0]}.h5",
        latents="results/latents.parquet",
        codebook=CODEBOOK,
        codes=CODES,
        k=K_FILE,
    output:
        weights="results/models/codes.safetensors",
        card="results/models/codes.json",
        clusters="results/clusters/codes.parquet",
    log:
        "logs/cluster_compositions.log",
    benchmark:
        "logs/cluster_compositions.tsv"
    priority: 1
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(1500),
        runtime=minutes(20),
    params:
        code=code("cluster_compositions"),
        k=CLUSTERING["k"],
        min_wet_share=CLUSTERING["min_wet_share"],
        false_alarm_rate=CLUSTERING["false_alarm_rate"],
        seed=config["seed"],
        simulated=SIMULATED,
    script:
        "../scripts/cluster_compositions.py"


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
    threads: THREADS
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
        encoder=AUTOENCODER,
        k=K_FILE,
    output:
        weights="results/models/{method}.safetensors",
        card="results/models/{method}.json",
        clusters="results/clusters/{method}.parquet",
    log:
        "logs/cluster_maps/{method}.log",
    benchmark:
        "logs/cluster_maps/{method}.tsv"
    wildcard_constraints:
        method="|".join(ENCODED) or "none",
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


rule repeat_clusters:
    input:
        rain=every_month("results/features/{month}.h5"),
        maps="results/latents.parquet",
        encoder=AUTOENCODER,
        k=K_FILE,
    output:
        clusters="results/methods/{method}_{seed}.parquet",
    log:
        "logs/repeat_clusters/{method}_{seed}.log",
    benchmark:
        "logs/repeat_clusters/{method}_{seed}.tsv"
    wildcard_constraints:
        method="|".join(ENCODED) or "none",
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


rule repeat_compositions:
    input:
        latents="results/latents.parquet",
        codebook=CODEBOOK,
        codes=CODES,
        k=K_FILE,
    output:
        clusters=expand("results/methods/codes_{seed}.parquet", seed=SEEDS),
    log:
        "logs/repeat_compositions.log",
    benchmark:
        "logs/repeat_compositions.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(1500),
        runtime=minutes(20),
    params:
        code=code("repeat_compositions"),
        k=CLUSTERING["k"],
        min_wet_share=CLUSTERING["min_wet_share"],
        seeds=SEEDS,
    script:
        "../scripts/repeat_compositions.py"


rule choose_k:
    input:
        latents="results/latents.parquet",
        tables=every_month("results/scores/{month}.parquet"),
        codebook=CODEBOOK,
        codes=CODES,
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
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        code=code("choose_k"),
        method=METHODS[0],
        min_wet_share=CLUSTERING["min_wet_share"],
        seeds=SEEDS,
        bootstrap={
            "resamples": config["evaluation"]["resamples"],
            "seed": config["seed"],
        },
    script:
        "../scripts/choose_k.py"


rule compare_methods:
    input:
        runs=expand(
            "results/methods/{method}_{seed}.parquet", method=METHODS, seed=SEEDS
        ),
        latents="results/latents.parquet",
        tables=every_month("results/scores/{month}.parquet"),
        codebook=CODEBOOK,
        codes=CODES,
        k=K_FILE,
    output:
        table="results/clusters/methods.parquet",
        separation="results/clusters/separation.parquet",
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
        bootstrap={
            "resamples": config["evaluation"]["resamples"],
            "seed": config["seed"],
        },
    script:
        "../scripts/compare_methods.py"


rule sample_windows:
    input:
        features=lambda wildcards: (
            every_month("results/features/{month}.h5")
            if wildcards.sample in WINDOW_SPLITS
            else [f"results/transfer/{wildcards.sample}.h5"]
        ),
        splits="results/splits.parquet",
        unet=UNET,
    output:
        arrays="results/windows/{sample}.safetensors",
        card="results/windows/{sample}.json",
    log:
        "logs/sample_windows/{sample}.log",
    benchmark:
        "logs/sample_windows/{sample}.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60),
    params:
        code=code("sample_windows"),
        split=lambda wildcards: wildcards.sample in WINDOW_SPLITS,
        seed=config["seed"],
    script:
        "../scripts/sample_windows.py"


rule train_window_encoder:
    input:
        samples=expand(
            "results/windows/{sample}.safetensors", sample=["train", "validation"]
        ),
    output:
        weights="results/models/windows_{channels}_{seed}.safetensors",
        card="results/models/windows_{channels}_{seed}.json",
    log:
        "logs/train_window_encoder/{channels}_{seed}.log",
    benchmark:
        "logs/train_window_encoder/{channels}_{seed}.tsv"
    wildcard_constraints:
        channels="rain|channels",
        seed=r"\d+",
    conda:
        "../envs/rainscore.yaml"
    resources:
        gpu=1,
        training=1,
        mem_mb=memory(4000),
        runtime=minutes(120),
    params:
        code=code("train_window_encoder"),
        steps=config["clustering"]["window_steps"],
    script:
        "../scripts/train_window_encoder.py"


rule cluster_windows:
    input:
        samples=expand("results/windows/{sample}.safetensors", sample=WINDOW_SAMPLES),
        unet=UNET[:2],
        encoder=lambda wildcards: (
            expand(
                "results/models/windows_{channels}_{seed}.{ending}",
                channels=wildcards.windows,
                seed=wildcards.seed,
                ending=["safetensors", "json"],
            )
            if wildcards.windows in ("rain", "channels")
            else []
        ),
    output:
        codes="results/windows/{windows}/{technique}_{codes}_{seed}.parquet",
    log:
        "logs/cluster_windows/{windows}_{technique}_{codes}_{seed}.log",
    benchmark:
        "logs/cluster_windows/{windows}_{technique}_{codes}_{seed}.tsv"
    wildcard_constraints:
        windows="pixel|decoder|bottleneck|rain|channels",
        technique="[a-z_]+",
        codes=r"\d+",
        seed=r"\d+",
    conda:
        "../envs/rainscore.yaml"
    resources:
        gpu=1,
        training=1,
        mem_mb=memory(4000),
        runtime=minutes(240),
    params:
        code=code("cluster_windows"),
        steps=config["clustering"]["window_steps"],
    script:
        "../scripts/cluster_windows.py"


rule tune_codes:
    input:
        features=every_month("results/features/{month}.h5"),
        splits="results/splits.parquet",
        cases=expand("results/transfer/{case}.h5", case=CASES),
        sample=["results/windows/train.safetensors", "results/windows/train.json"],
        unet=UNET,
    output:
        codes="results/windows/tuned/predictive_{codes}_{seed}.parquet",
    log:
        "logs/tune_codes/{codes}_{seed}.log",
    benchmark:
        "logs/tune_codes/{codes}_{seed}.tsv"
    wildcard_constraints:
        codes=r"\d+",
        seed=r"\d+",
    conda:
        "../envs/rainscore.yaml"
    threads: THREADS
    resources:
        gpu=1,
        training=1,
        mem_mb=memory(4000),
        runtime=minutes(240),
    params:
        code=code("tune_codes"),
        splits=WINDOW_SPLITS,
        steps=config["clustering"]["tuning_steps"],
        seed=config["seed"],
    script:
        "../scripts/tune_codes.py"
