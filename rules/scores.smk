# Score maps, and the evidence for the choice of the score.
rule compute_scores:
    input:
        pair="results/pairs/{month}.nc",
        regimes="results/regimes/{month}.parquet" if SIMULATED_RADAR else [],
    output:
        maps="results/scores/{month}.nc",
        table="results/scores/{month}.parquet",
    log:
        "logs/compute_scores/{month}.log",
    benchmark:
        "logs/compute_scores/{month}.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        code=code("compute_scores"),
        scores=config["scores"],
        learning_step_km=config["domain"]["learning_step_km"],
    script:
        "../scripts/compute_scores.py"


rule try_scores:
    input:
        pair="results/pairs/{month}.nc",
        radar="results/radar/{month}.parquet",
        features="results/features/{month}.h5",
        onto_cells="results/weights/study_to_cells.nc",
        onto_study="results/weights/cells_to_study.nc",
    output:
        sums="results/choice/{month}_sums.parquet",
        windows="results/choice/{month}_windows.parquet",
    log:
        "logs/try_scores/{month}.log",
    benchmark:
        "logs/try_scores/{month}.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        code=code("try_scores"),
        domain=config["domain"],
        radar=RADAR_READING,
        scores=config["scores"],
        seed=config["seed"],
    script:
        "../scripts/try_scores.py"


rule describe_scores:
    input:
        sums=every_month("results/choice/{month}_sums.parquet"),
        windows=every_month("results/choice/{month}_windows.parquet"),
        splits="results/splits.parquet",
    output:
        evidence="results/choice/evidence.parquet",
        choice="results/choice/choice.json",
    log:
        "logs/describe_scores.log",
    benchmark:
        "logs/describe_scores.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("describe_scores"),
        used=config["scores"]["name"],
        seed=config["seed"],
        resamples=config["evaluation"]["resamples"],
    script:
        "../scripts/describe_scores.py"
