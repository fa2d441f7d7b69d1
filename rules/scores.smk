# Score maps, and the choice of the score.


rule compute_scores:
    input:
        pair="results/pairs/{month}.nc",
        weights="results/weights/study_to_cells.nc",
        regimes="results/regimes/{month}.parquet" if SIMULATED_RADAR else [],
    output:
        maps="results/scores/{month}.nc",
        table="results/scores/{month}.parquet",
    log:
        "logs/compute_scores/{month}.log",
    benchmark:
        "logs/compute_scores/{month}.tsv"
    priority: 1
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(3000),
        runtime=minutes(120),
    params:
        code=code("compute_scores"),
        domain=DOMAIN,
        scores=SCORE_SETTINGS,
    script:
        "../scripts/compute_scores.py"


rule evaluate_candidates:
    input:
        pair="results/pairs/{month}.nc",
        radar="results/radar/{month}.parquet",
        features="results/features/{month}.h5",
        weights="results/weights/study_to_cells.nc",
    output:
        sums="results/choice/{month}_sums.parquet",
        windows="results/choice/{month}_windows.parquet",
    log:
        "logs/evaluate_candidates/{month}.log",
    benchmark:
        "logs/evaluate_candidates/{month}.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60),
    params:
        code=code("evaluate_candidates"),
        domain=DOMAIN,
        radar=RADAR_READING,
        scores=SCORE_SETTINGS,
        seed=config["seed"],
    script:
        "../scripts/evaluate_candidates.py"


rule choose_score:
    input:
        sums=every_month("results/choice/{month}_sums.parquet"),
        windows=every_month("results/choice/{month}_windows.parquet"),
        splits="results/splits.parquet",
    output:
        evidence="results/choice/evidence.parquet",
        choice="results/choice/choice.json",
    log:
        "logs/choose_score.log",
    benchmark:
        "logs/choose_score.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        code=code("choose_score"),
        used=config["scores"]["name"],
        seed=config["seed"],
        resamples=config["evaluation"]["resamples"],
    script:
        "../scripts/choose_score.py"
