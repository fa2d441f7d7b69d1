# Radar frames of a month: simulated, or found in a local folder.
if SIMULATED_RADAR:

    rule simulate_radar:
        output:
            manifest="results/radar/{month}.parquet",
            regimes="results/regimes/{month}.parquet",
        log:
            "logs/simulate_radar/{month}.log",
        benchmark:
            "logs/simulate_radar/{month}.tsv"
        resources:
            mem_mb=1500,
            runtime=120,
        conda:
            "../envs/rainscore.yaml"
        params:
            code=code("simulate_radar"),
            span=span,
            seed=config["seed"],
            domain=config["domain"],
            step_minutes=config["radar"]["step_minutes"],
        script:
            "../scripts/simulate_radar.py"

else:

    rule index_radar:
        output:
            manifest="results/radar/{month}.parquet",
        log:
            "logs/index_radar/{month}.log",
        benchmark:
            "logs/index_radar/{month}.tsv"
        resources:
            mem_mb=1000,
            runtime=120,
        conda:
            "../envs/rainscore.yaml"
        params:
            code=code("index_radar"),
            span=span,
            folder=config["radar"]["folder"],
            format=config["radar"]["format"],
            stamp=config["radar"]["stamp"],
            step_minutes=config["radar"]["step_minutes"],
        script:
            "../scripts/index_radar.py"
