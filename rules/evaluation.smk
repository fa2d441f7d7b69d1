# Skill on held-out days, and new maps scored without radar.
SKILL_FIGURES = [
    "skill",
    "map_skill",
    "paired",
    "coverage",
    "reliability",
    "predicted",
    "importance",
    "sensitivity",
    "cases",
    "more_cases",
]
UNET = [
    "results/models/unet.safetensors",
    "results/models/unet.json",
    "results/models/unet_calibration.json",
]
MODELS = [
    *UNET,
    f"results/models/{METHODS[0]}.safetensors",
    f"results/models/{METHODS[0]}.json",
    f"results/models/{METHODS[0]}_labels.json",
]


rule calibrate_unet:
    input:
        features=every_month("results/features/{month}.h5"),
        tables=every_month("results/scores/{month}.parquet"),
        splits="results/splits.parquet",
        unet=UNET[:2],
    output:
        calibration="results/models/unet_calibration.json",
    log:
        "logs/calibrate_unet.log",
    benchmark:
        "logs/calibrate_unet.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: 2
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        code=code("calibrate_unet"),
    script:
        "../scripts/calibrate_unet.py"


rule evaluate_skill:
    input:
        features=every_month("results/features/{month}.h5"),
        tables=every_month("results/scores/{month}.parquet"),
        splits="results/splits.parquet",
        unet=UNET,
        clusters=expand("results/clusters/{method}.parquet", method=METHODS),
        latents="results/latents.parquet",
    output:
        skill="results/evaluation/skill.parquet",
        paired="results/evaluation/paired.parquet",
        coverage="results/evaluation/coverage.parquet",
        reliability="results/evaluation/reliability.parquet",
    log:
        "logs/evaluate_skill.log",
    benchmark:
        "logs/evaluate_skill.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: 2
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        code=code("evaluate_skill"),
        methods=METHODS,
        evaluation=config["evaluation"],
        seed=config["seed"],
    script:
        "../scripts/evaluate_skill.py"


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
    threads: 2
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("measure_importance"),
        resamples=config["evaluation"]["resamples"],
        seed=config["seed"],
    script:
        "../scripts/measure_importance.py"


rule draw_skill:
    input:
        pairs=every_month("results/pairs/{month}.nc"),
        scores=every_month("results/scores/{month}.nc"),
        tables=every_month("results/scores/{month}.parquet"),
        features=every_month("results/features/{month}.h5"),
        splits="results/splits.parquet",
        unet=UNET,
        skill="results/evaluation/skill.parquet",
        paired="results/evaluation/paired.parquet",
        reliability="results/evaluation/reliability.parquet",
        importance="results/evaluation/importance.parquet",
    output:
        [
            report(
                f"results/figures/{name}.svg",
                caption=f"../report/{name}.rst",
                category="Skill",
            )
            for name in SKILL_FIGURES
        ],
    log:
        "logs/draw_skill.log",
    benchmark:
        "logs/draw_skill.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: 2
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        code=code("draw_skill"),
        months=MONTHS,
        method=METHODS[0],
        simulated=SIMULATED,
    script:
        "../scripts/draw_skill.py"


rule score_new:
    input:
        manifests=every_month("results/imerg/{month}.parquet"),
        tables=every_month("results/scores/{month}.parquet"),
        splits="results/splits.parquet",
        models=MODELS,
    output:
        scored=directory("results/scored"),
    log:
        "logs/score_new.log",
    benchmark:
        "logs/score_new.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: 2
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        code=code("score_new"),
        scoring=config["scoring"],
        method=METHODS[0],
    script:
        "../scripts/score_new.py"
