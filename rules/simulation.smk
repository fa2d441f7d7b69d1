# Simulated radar and IMERG, and their comparison with published values of the real world.
WORLD_TABLES = []

if SIMULATED_RADAR:

    rule simulate_radar:
        input:
            weights="results/weights/study_to_cells.nc",
        output:
            manifest="results/radar/{month}.parquet",
            truth="results/truth/{month}.nc",
            regimes="results/regimes/{month}.parquet",
        log:
            "logs/simulate_radar/{month}.log",
        benchmark:
            "logs/simulate_radar/{month}.tsv"
        priority: 1
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=memory(1500),
            runtime=minutes(120),
        params:
            code=code("simulate_radar"),
            span=span,
            seed=config["seed"],
            domain=DOMAIN,
            step_minutes=config["radar"]["step_minutes"],
            world=world_of,
        script:
            "../scripts/simulate_radar.py"


if config["imerg"]["source"] == "simulated":

    rule simulate_imerg:
        input:
            # The satellites observe the true rain, or else a real radar.
            truth="results/truth/{month}.nc" if SIMULATED_RADAR else [],
            radar=[] if SIMULATED_RADAR else "results/radar/{month}.parquet",
        output:
            manifest="results/imerg/{month}.parquet",
        log:
            "logs/simulate_imerg/{month}.log",
        benchmark:
            "logs/simulate_imerg/{month}.tsv"
        priority: 1
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=memory(2000),
            runtime=minutes(180),
        params:
            code=code("simulate_imerg"),
            span=span,
            seed=config["seed"],
            domain=DOMAIN,
            run=config["imerg"]["run"],
            errors=config["imerg"]["errors"],
            radar=RADAR_READING,
            world=world_of,
        script:
            "../scripts/simulate_imerg.py"


if SIMULATED_RADAR and config["imerg"]["source"] == "simulated":
    WORLD_TABLES = ["results/world/rain.parquet", "results/world/satellite.parquet"]

    rule measure_world:
        input:
            radar="results/radar/{month}.parquet",
            regimes="results/regimes/{month}.parquet",
            truth="results/truth/{month}.nc",
            pair="results/pairs/{month}.nc",
            weights="results/weights/study_to_cells.nc",
        output:
            sums="results/world/{month}.parquet",
        log:
            "logs/measure_world/{month}.log",
        benchmark:
            "logs/measure_world/{month}.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=memory(2000),
            runtime=minutes(30),
        params:
            code=code("measure_world"),
            domain=DOMAIN,
            radar=RADAR_READING,
            scores=SCORE_SETTINGS,
            run=config["imerg"]["run"],
        script:
            "../scripts/measure_world.py"

    rule describe_world:
        input:
            sums=every_month("results/world/{month}.parquet"),
        output:
            rain="results/world/rain.parquet",
            satellite="results/world/satellite.parquet",
        log:
            "logs/describe_world.log",
        benchmark:
            "logs/describe_world.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=memory(500),
            runtime=minutes(10),
        params:
            code=code("describe_world"),
            months=MONTHS,
            run=config["imerg"]["run"],
        script:
            "../scripts/describe_world.py"

    rule measure_runs:
        output:
            sums="results/runs/{month}.parquet",
        log:
            "logs/measure_runs/{month}.log",
        benchmark:
            "logs/measure_runs/{month}.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=memory(2000),
            runtime=minutes(30),
        params:
            code=code("measure_runs"),
            span=span,
            seed=config["seed"],
            domain=DOMAIN,
            step_minutes=config["radar"]["step_minutes"],
            world=world_of,
        script:
            "../scripts/measure_runs.py"

    rule draw_year:
        input:
            sums=every_month("results/runs/{month}.parquet"),
        output:
            table="results/runs/world.csv",
            figure="results/runs/world_year.svg",
        log:
            "logs/draw_year.log",
        benchmark:
            "logs/draw_year.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=memory(500),
            runtime=minutes(10),
        params:
            code=code("draw_year"),
            months=MONTHS,
        script:
            "../scripts/draw_year.py"
