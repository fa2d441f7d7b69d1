# IMERG granules of a month: simulated over the radar truth, or found in a local folder.
if config["imerg"]["source"] == "simulated":

    rule simulate_imerg:
        input:
            radar="results/radar/{month}.parquet",
        output:
            manifest="results/imerg/{month}.parquet",
        log:
            "logs/simulate_imerg/{month}.log",
        benchmark:
            "logs/simulate_imerg/{month}.tsv"
        resources:
            mem_mb=2000,
            runtime=180,
        conda:
            "../envs/rainscore.yaml"
        params:
            code=code("simulate_imerg"),
            span=span,
            seed=config["seed"],
            domain=config["domain"],
            run=config["imerg"]["run"],
            radar=config["radar"],
        script:
            "../scripts/simulate_imerg.py"

else:

    rule index_imerg:
        output:
            manifest="results/imerg/{month}.parquet",
        log:
            "logs/index_imerg/{month}.log",
        benchmark:
            "logs/index_imerg/{month}.tsv"
        resources:
            mem_mb=1000,
            runtime=120,
        conda:
            "../envs/rainscore.yaml"
        params:
            code=code("index_imerg"),
            span=span,
            folder=config["imerg"]["folder"],
            run=config["imerg"]["run"],
        script:
            "../scripts/index_imerg.py"
