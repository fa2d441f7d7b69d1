# Training files, splits, networks, and calibration of the U-Net.
UNET = [
    "results/models/unet.safetensors",
    "results/models/unet.json",
    "results/models/unet_calibration.json",
    "results/models/unet_guard.safetensors",
    "results/models/unet_guard.json",
]


# Rules with `priority: 1` lead to the U-Net or from it to the evaluation, the longest chain of jobs,
# beside which the other jobs run.
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
    priority: 1
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(3000),
        runtime=minutes(120),
    params:
        code=code("build_features"),
        domain=DOMAIN,
    script:
        "../scripts/build_features.py"


rule split_days:
    input:
        imerg=every_month("results/imerg/{month}.parquet"),
    output:
        splits="results/splits.parquet",
    log:
        "logs/split_days.log",
    benchmark:
        "logs/split_days.tsv"
    priority: 1
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(500),
        runtime=minutes(10),
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
        weights="results/models/{encoder}.safetensors",
        card="results/models/{encoder}.json",
        curve="results/models/{encoder}_curve.csv",
    log:
        "logs/train_autoencoder/{encoder}.log",
    benchmark:
        "logs/train_autoencoder/{encoder}.tsv"
    retries: TRAINING_RETRIES
    conda:
        "../envs/rainscore.yaml"
    threads: THREADS
    resources:
        gpu=1,
        mem_mb=memory(4000),
        runtime=720,
    params:
        code=code("train_autoencoder"),
        autoencoder=encoder_settings,
        seed=config["seed"],
        min_wet=config["clustering"]["min_wet_share"],
        simulated=SIMULATED,
    script:
        "../scripts/train_autoencoder.py"


rule train_unet:
    input:
        features=every_month("results/features/{month}.h5"),
        splits="results/splits.parquet",
    output:
        weights="results/models/unet.safetensors",
        card="results/models/unet.json",
        curve="results/models/unet_curve.csv",
    log:
        "logs/train_unet.log",
    benchmark:
        "logs/train_unet.tsv"
    priority: 1
    retries: TRAINING_RETRIES
    conda:
        "../envs/rainscore.yaml"
    threads: THREADS
    resources:
        gpu=1,
        training=1,
        mem_mb=memory(4000),
        runtime=1440,
    params:
        code=code("train_unet"),
        unet=config["unet"],
        seed=config["seed"],
        simulated=SIMULATED,
        domain=DOMAIN,
        run=config["imerg"]["run"],
    script:
        "../scripts/train_unet.py"


rule train_variant:
    input:
        features=every_month("results/features/{month}.h5"),
        splits="results/splits.parquet",
    output:
        weights="results/models/variants/{variant}.safetensors",
        card="results/models/variants/{variant}.json",
        curve="results/models/variants/{variant}_curve.csv",
    log:
        "logs/train_variant/{variant}.log",
    benchmark:
        "logs/train_variant/{variant}.tsv"
    retries: TRAINING_RETRIES
    conda:
        "../envs/rainscore.yaml"
    threads: THREADS
    resources:
        gpu=1,
        training=1,
        mem_mb=memory(4000),
        runtime=1440,
    params:
        code=code("train_variant"),
        unet=config["unet"],
        seed=config["seed"],
        simulated=SIMULATED,
        domain=DOMAIN,
        run=config["imerg"]["run"],
    script:
        "../scripts/train_variant.py"


rule calibrate_unet:
    input:
        features=every_month("results/features/{month}.h5"),
        tables=every_month("results/scores/{month}.parquet"),
        splits="results/splits.parquet",
        unet=UNET[:2],
    output:
        calibration="results/models/unet_calibration.json",
        guard=[
            "results/models/unet_guard.safetensors",
            "results/models/unet_guard.json",
        ],
    log:
        "logs/calibrate_unet.log",
    benchmark:
        "logs/calibrate_unet.tsv"
    priority: 1
    conda:
        "../envs/rainscore.yaml"
    threads: THREADS
    resources:
        mem_mb=memory(3000),
        runtime=minutes(120),
    params:
        code=code("calibrate_unet"),
        seed=config["seed"],
    script:
        "../scripts/calibrate_unet.py"
