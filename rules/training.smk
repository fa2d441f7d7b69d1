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


rule split_days:
    input:
        imerg=every_month("results/imerg/{month}.parquet"),
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
        weights="results/models/{encoder}.safetensors",
        card="results/models/{encoder}.json",
        curve="results/models/{encoder}_curve.csv",
    log:
        "logs/train_autoencoder/{encoder}.log",
    benchmark:
        "logs/train_autoencoder/{encoder}.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: 2
    resources:
        gpu=1,
        mem_mb=4000,
        runtime=720,
    params:
        code=code("train_autoencoder"),
        autoencoder=encoder_settings,
        seed=config["seed"],
        min_wet=config["clusters"]["min_wet"],
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
    conda:
        "../envs/rainscore.yaml"
    threads: 2
    resources:
        gpu=1,
        mem_mb=4000,
        runtime=1440,
    params:
        code=code("train_variant"),
        unet=config["unet"],
        seed=config["seed"],
        simulated=SIMULATED,
        domain=config["domain"],
        run=config["imerg"]["run"],
    script:
        "../scripts/train_variant.py"


rule evaluate_variants:
    input:
        features=every_month("results/features/{month}.h5"),
        splits="results/splits.parquet",
        unet="results/models/unet.safetensors",
        unet_card="results/models/unet.json",
        weights=[f"{stem}.safetensors" for stem in COMPARED.values()],
        cards=[f"{stem}.json" for stem in COMPARED.values()],
    output:
        ablation="results/evaluation/ablation.parquet",
    log:
        "logs/evaluate_variants.log",
    benchmark:
        "logs/evaluate_variants.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: 2
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        code=code("evaluate_variants"),
        compared=COMPARED,
        resamples=config["evaluation"]["resamples"],
        seed=config["seed"],
    script:
        "../scripts/evaluate_variants.py"


rule compare_latents:
    input:
        features=every_month("results/features/{month}.h5"),
        splits="results/splits.parquet",
        cards=expand("results/models/autoencoder-{latent}.json", latent=LATENTS),
    output:
        sizes="results/evaluation/latent_sizes.parquet",
    log:
        "logs/compare_latents.log",
    benchmark:
        "logs/compare_latents.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        code=code("compare_latents"),
        seed=config["seed"],
    script:
        "../scripts/compare_latents.py"
