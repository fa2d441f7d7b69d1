# Descriptive analysis of the data and of the scores.
rule describe_data:
    input:
        imerg=every_month("results/imerg/{month}.parquet"),
        radar=every_month("results/radar/{month}.parquet"),
    output:
        availability="results/data/availability.parquet",
        lag="results/data/lag.parquet",
    log:
        "logs/describe_data.log",
    benchmark:
        "logs/describe_data.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(3000),
        runtime=minutes(120),
    params:
        code=code("describe_data"),
        domain=DOMAIN,
        radar=RADAR_READING,
        half_hours=150,
    script:
        "../scripts/describe_data.py"


rule draw_lag:
    input:
        lag="results/data/lag.parquet",
    output:
        figure="results/data/lag.svg",
    log:
        "logs/draw_lag.log",
    benchmark:
        "logs/draw_lag.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(1000),
        runtime=minutes(10),
    params:
        code=code("draw_lag"),
        period=f"{MONTHS[0]} to {MONTHS[-1]}",
        world="simulated" if SIMULATED else "real",
    script:
        "../scripts/draw_lag.py"


if config["radar"]["comephore_folder"]:
    from rainscore.radar.comephorefiles import scan_hours

    def comephore_files(wildcards) -> list[str]:
        """COMEPHORE files of the hours of the run."""
        hours = scan_hours(CHECKOUT / config["radar"]["comephore_folder"])
        months = [
            hours[(hours.index >= start) & (hours.index < end)]
            for start, end in SPANS.values()
        ]
        return [path for month in months for path in month]

    rule check_radar:
        input:
            pairs=every_month("results/pairs/{month}.nc"),
            comephore=comephore_files,
        output:
            table="results/data/gauges.parquet",
            maps="results/data/gauges.nc",
        log:
            "logs/check_radar.log",
        benchmark:
            "logs/check_radar.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=memory(3000),
            runtime=minutes(120),
        params:
            code=code("check_radar"),
        script:
            "../scripts/check_radar.py"


rule tabulate_month:
    input:
        pair="results/pairs/{month}.nc",
        scores="results/scores/{month}.nc",
        weights="results/weights/study_to_cells.nc",
    output:
        conditions="results/analysis/{month}_conditions.parquet",
        places="results/analysis/{month}_places.nc",
        rates="results/analysis/{month}_rates.parquet",
        spectra="results/analysis/{month}_spectra.parquet",
        timing="results/analysis/{month}_timing.parquet",
        scales="results/analysis/{month}_scales.parquet",
    log:
        "logs/tabulate_month/{month}.log",
    benchmark:
        "logs/tabulate_month/{month}.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        code=code("tabulate_month"),
        domain=DOMAIN,
        threshold=config["scores"]["wet_threshold_mm_h"],
        min_valid=config["scores"]["min_valid_share"],
    script:
        "../scripts/tabulate_month.py"


rule stratify_skill:
    input:
        conditions=every_month("results/analysis/{month}_conditions.parquet"),
        places=every_month("results/analysis/{month}_places.nc"),
        rates=every_month("results/analysis/{month}_rates.parquet"),
        spectra=every_month("results/analysis/{month}_spectra.parquet"),
        timing=every_month("results/analysis/{month}_timing.parquet"),
        scales=every_month("results/analysis/{month}_scales.parquet"),
        tables=every_month("results/scores/{month}.parquet"),
        clusters=f"results/clusters/{METHODS[0]}.parquet",
    output:
        conditions="results/analysis/conditions.parquet",
        places="results/analysis/places.nc",
        joint="results/analysis/joint.parquet",
        thresholds="results/analysis/thresholds.parquet",
        spectra="results/analysis/spectra.parquet",
        timing="results/analysis/timing.parquet",
        scales="results/analysis/scales.parquet",
    log:
        "logs/stratify_skill.log",
    benchmark:
        "logs/stratify_skill.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=memory(2000),
        runtime=minutes(60),
    params:
        code=code("stratify_skill"),
        run=config["imerg"]["run"],
        bootstrap={
            "resamples": config["evaluation"]["resamples"],
            "seed": config["seed"],
        },
    script:
        "../scripts/stratify_skill.py"
