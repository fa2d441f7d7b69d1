# Training files, the split into blocks of days, and the two networks.
rule build_features:
    input:
        pair="results/pairs/{month}.nc",
        scores="results/scores/{month}.nc",
        weights="results/weights/cells_to_learning.nc",
    output:
        features="results/features/{month}.h5",
    log:
        "logs/build_features/{month}.log",
    benchmark:
        "logs/build_features/{month}.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        code=code("build_features"),
        domain=config["domain"],
    script:
        "../scripts/build_features.py"


rule group_scores:
    input:
        features="results/features/{month}.h5",
        scores="results/scores/{month}.nc",
    output:
        groups="results/groups/{month}.parquet",
    log:
        "logs/group_scores/{month}.log",
    benchmark:
        "logs/group_scores/{month}.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("group_scores"),
    script:
        "../scripts/group_scores.py"


rule split_days:
    output:
        splits="results/splits.parquet",
    log:
        "logs/split_days.log",
    benchmark:
        "logs/split_days.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=500,
        runtime=10,
    params:
        code=code("split_days"),
        spans=SPANS,
        splits=config["splits"],
    script:
        "../scripts/split_days.py"


rule train_autoencoder:
    input:
        features=every_month("results/features/{month}.h5"),
        splits="results/splits.parquet",
    output:
        weights="results/models/autoencoder.safetensors",
        card="results/models/autoencoder.json",
        curve="results/models/autoencoder_curve.csv",
    log:
        "logs/train_autoencoder.log",
    benchmark:
        "logs/train_autoencoder.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: 2
    resources:
        gpu=1,
        mem_mb=4000,
        runtime=720,
    params:
        code=code("train_autoencoder"),
        autoencoder=config["autoencoder"],
        seed=config["seed"],
        min_wet=config["clusters"]["min_wet"],
        simulated=SIMULATED,
    script:
        "../scripts/train_autoencoder.py"


rule train_unet:
    input:
        features=every_month("results/features/{month}.h5"),
        tables=every_month("results/scores/{month}.parquet"),
        splits="results/splits.parquet",
    output:
        weights="results/models/unet.safetensors",
        card="results/models/unet.json",
        curve="results/models/unet_curve.csv",
    log:
        "logs/train_unet.log",
    benchmark:
        "logs/train_unet.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: 2
    resources:
        gpu=1,
        mem_mb=4000,
        runtime=1440,
    params:
        code=code("train_unet"),
        unet=config["unet"],
        seed=config["seed"],
        simulated=SIMULATED,
        domain=config["domain"],
        run=config["imerg"]["run"],
    script:
        "../scripts/train_unet.py"
