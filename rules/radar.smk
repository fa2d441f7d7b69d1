# Radar frames of a month: simulated, from the archives of the French mosaic, or in a folder.
if SIMULATED_RADAR:

    rule simulate_radar:
        output:
            manifest="results/radar/{month}.parquet",
            regimes="results/regimes/{month}.parquet",
        log:
            "logs/simulate_radar/{month}.log",
        benchmark:
            "logs/simulate_radar/{month}.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=1500,
            runtime=120,
        params:
            code=code("simulate_radar"),
            span=span,
            seed=config["seed"],
            domain=config["domain"],
            step_minutes=config["radar"]["step_minutes"],
        script:
            "../scripts/simulate_radar.py"

elif config["radar"]["source"] == "zarr":

    localrules:
        download_radar,

    rule download_radar:
        output:
            manifest="results/radar/{month}.parquet",
        log:
            "logs/download_radar/{month}.log",
        benchmark:
            "logs/download_radar/{month}.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            archive=1,
            mem_mb=2000,
            runtime=2880,
        params:
            code=code("download_radar"),
            span=span,
            stamp=config["radar"]["stamp"],
        script:
            "../scripts/download_radar.py"

elif config["radar"]["source"] == "hub":

    localrules:
        download_year,

    rule download_year:
        output:
            frames="results/radar/hub-{year}.parquet",
        log:
            "logs/download_year/{year}.log",
        benchmark:
            "logs/download_year/{year}.tsv"
        wildcard_constraints:
            year=r"\d{4}",
        conda:
            "../envs/rainscore.yaml"
        resources:
            archive=1,
            mem_mb=2000,
            runtime=2880,
        params:
            code=code("download_year"),
            months=lambda wildcards: [m for m in MONTHS if m.startswith(wildcards.year)],
        script:
            "../scripts/download_year.py"

    rule index_year:
        input:
            frames=lambda wildcards: f"results/radar/hub-{wildcards.month[:4]}.parquet",
        output:
            manifest="results/radar/{month}.parquet",
        log:
            "logs/index_year/{month}.log",
        benchmark:
            "logs/index_year/{month}.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=1000,
            runtime=20,
        params:
            code=code("index_year"),
            span=span,
            stamp=config["radar"]["stamp"],
        script:
            "../scripts/index_year.py"

else:

    rule index_radar:
        output:
            manifest="results/radar/{month}.parquet",
        log:
            "logs/index_radar/{month}.log",
        benchmark:
            "logs/index_radar/{month}.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=1000,
            runtime=120,
        params:
            code=code("index_radar"),
            span=span,
            folder=config["radar"]["folder"],
            format=config["radar"]["format"],
            stamp=config["radar"]["stamp"],
            step_minutes=config["radar"]["step_minutes"],
        script:
            "../scripts/index_radar.py"
