# Skill on held-out days, in unseen worlds and on real rain.
BOOTSTRAP = {"resamples": config["evaluation"]["resamples"], "seed": config["seed"]}


rule simulate_case:
    input:
        radar=lambda wildcards: CASES[wildcards.case]["radar"],
    output:
        features="results/transfer/{case}.h5",
        table="results/transfer/{case}.parquet",
    log:
        "logs/simulate_case/{case}.log",
    benchmark:
        "logs/simulate_case/{case}.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(2500),
        runtime=minutes(60),
    params:
        code=code("simulate_case"),
        span=lambda wildcards: CASES[wildcards.case]["span"],
        seed=lambda wildcards: CASES[wildcards.case]["seed"],
        domain=DOMAIN,
        step_minutes=config["radar"]["step_minutes"],
        world=lambda wildcards: CASES[wildcards.case]["world"],
        run=config["imerg"]["run"],
        scores=SCORE_SETTINGS,
    script:
        "../scripts/simulate_case.py"


rule evaluate_skill:
    input:
        features=every_month("results/features/{month}.h5"),
        tables=every_month("results/scores/{month}.parquet"),
        splits="results/splits.parquet",
        unet=UNET,
        clusters=expand("results/clusters/{method}.parquet", method=METHODS),
        latents="results/latents.parquet",
        codebook=CODEBOOK,
        codes=CODES,
        pairs=every_month("results/pairs/{month}.nc"),
        cases=expand("results/transfer/{case}.h5", case=CASES),
    output:
        skill="results/evaluation/skill.parquet",
        paired="results/evaluation/paired.parquet",
        coverage="results/evaluation/coverage.parquet",
        reliability="results/evaluation/reliability.parquet",
        transfer="results/evaluation/transfer.parquet",
    log:
        "logs/evaluate_skill.log",
    benchmark:
        "logs/evaluate_skill.tsv"
    priority: 1
    conda:
        "../envs/rainscore.yaml"
    threads: THREADS
    resources:
        mem_mb=memory(3000),
        runtime=minutes(120),
    params:
        code=code("evaluate_skill"),
        methods=METHODS,
        cases=[[name, case["kind"]] for name, case in CASES.items()],
        settings={
            **BOOTSTRAP,
            "boosting_windows": config["evaluation"]["boosting_windows"],
        },
    script:
        "../scripts/evaluate_skill.py"


rule evaluate_codes:
    input:
        features=every_month("results/features/{month}.h5"),
        tables=every_month("results/scores/{month}.parquet"),
        latents="results/latents.parquet",
        unet=UNET,
        codebook=CODEBOOK,
        clusters=expand("results/clusters/{method}.parquet", method=METHODS),
        clusterers=expand("results/models/{method}.safetensors", method=METHODS),
        cards=expand("results/models/{method}.json", method=METHODS),
        cases=expand("results/transfer/{case}.h5", case=CASES),
        case_tables=expand("results/transfer/{case}.parquet", case=CASES),
    output:
        codes="results/evaluation/codes.parquet",
    log:
        "logs/evaluate_codes.log",
    benchmark:
        "logs/evaluate_codes.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: THREADS
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        code=code("evaluate_codes"),
        methods=METHODS,
        cases=[[name, case["kind"]] for name, case in CASES.items()],
        bootstrap=BOOTSTRAP,
    script:
        "../scripts/evaluate_codes.py"


rule compare_encoders:
    input:
        samples=expand("results/windows/{sample}.safetensors", sample=WINDOW_SAMPLES),
        runs=[
            f"results/windows/{windows}/{technique}_{codes}_{seed}.parquet"
            for windows, technique, codes, seed in WINDOW_RUNS
        ],
    output:
        encoders="results/evaluation/encoders.parquet",
    log:
        "logs/compare_encoders.log",
    benchmark:
        "logs/compare_encoders.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(4000),
        runtime=minutes(60),
    params:
        code=code("compare_encoders"),
        runs=WINDOW_RUNS,
        cases=[[name, case["kind"]] for name, case in CASES.items()],
        bootstrap=BOOTSTRAP,
    script:
        "../scripts/compare_encoders.py"


rule measure_importance:
    input:
        features=every_month("results/features/{month}.h5"),
        splits="results/splits.parquet",
        unet=UNET[:2],
    output:
        importance="results/evaluation/importance.parquet",
    log:
        "logs/measure_importance.log",
    benchmark:
        "logs/measure_importance.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: THREADS
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        code=code("measure_importance"),
        bootstrap=BOOTSTRAP,
    script:
        "../scripts/measure_importance.py"


rule evaluate_variants:
    input:
        features=every_month("results/features/{month}.h5"),
        splits="results/splits.parquet",
        unet=UNET[:2],
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
    threads: THREADS
    resources:
        mem_mb=memory(3000),
        runtime=minutes(120),
    params:
        code=code("evaluate_variants"),
        names=list(COMPARED),
        bootstrap=BOOTSTRAP,
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
        mem_mb=memory(3000),
        runtime=minutes(60),
    params:
        code=code("compare_latents"),
        seed=config["seed"],
    script:
        "../scripts/compare_latents.py"


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
    threads: THREADS
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        code=code("check_clusters"),
        bootstrap=BOOTSTRAP,
    script:
        "../scripts/check_clusters.py"


if config["gauges"]["table"]:
    GAUGE_FILES = [
        "results/gauges/pairs.parquet",
        *expand(
            "results/gauges/{table}.csv",
            table=["measures", "fifths", "stations", "lag"],
        ),
    ]

    rule verify_gauges:
        input:
            scored="results/scored",
            gauges=str(CHECKOUT / config["gauges"]["table"]),
            stations=[
                str(CHECKOUT / name) for name in [config["gauges"]["stations"]] if name
            ],
        output:
            tables=GAUGE_FILES,
        log:
            "logs/verify_gauges.log",
        benchmark:
            "logs/verify_gauges.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=memory(3000),
            runtime=minutes(120),
        params:
            code=code("verify_gauges"),
            period_minutes=config["gauges"]["period_minutes"],
            time_marks=config["gauges"]["time_marks"],
            time_zone=config["gauges"]["time_zone"],
            columns=config["gauges"]["columns"],
            bootstrap=BOOTSTRAP,
        script:
            "../scripts/verify_gauges.py"
