# From granules and frames to pairs on one grid, score maps, and the choice of the score.
rule compute_weights:
    output:
        cells_to_study="results/weights/cells_to_study.nc",
        cells_to_learning="results/weights/cells_to_learning.nc",
        study_to_cells="results/weights/study_to_cells.nc",
    log:
        "logs/compute_weights.log",
    benchmark:
        "logs/compute_weights.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        code=code("compute_weights"),
        domain=config["domain"],
    script:
        "../scripts/compute_weights.py"


rule regrid_month:
    input:
        imerg="results/imerg/{month}.parquet",
        radar="results/radar/{month}.parquet",
        weights="results/weights/cells_to_study.nc",
    output:
        pair="results/pairs/{month}.nc",
    log:
        "logs/regrid_month/{month}.log",
    benchmark:
        "logs/regrid_month/{month}.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=3000,
        runtime=180,
    params:
        code=code("regrid_month"),
        span=span,
        domain=config["domain"],
        radar=RADAR_READING,
    script:
        "../scripts/regrid_month.py"


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
        score=config["score"],
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
        radar=config["radar"],
        score=config["score"],
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
        used=config["score"]["name"],
        seed=config["seed"],
        resamples=config["evaluation"]["resamples"],
    script:
        "../scripts/describe_scores.py"
