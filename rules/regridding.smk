# Conservative weights between the grids, and pairs of IMERG and radar on the study grid.
rule compute_weights:
    output:
        cells_to_study="results/weights/cells_to_study.nc",
        cells_to_learning="results/weights/cells_to_learning.nc",
        study_to_cells="results/weights/study_to_cells.nc",
    log:
        "logs/compute_weights.log",
    benchmark:
        "logs/compute_weights.tsv"
    priority: 1
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(30),
    params:
        code=code("compute_weights"),
        domain=DOMAIN,
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
    priority: 1
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(3000),
        runtime=minutes(180),
    params:
        code=code("regrid_month"),
        span=span,
        domain=DOMAIN,
        radar=RADAR_READING,
    script:
        "../scripts/regrid_month.py"
