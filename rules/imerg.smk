# IMERG granules of a month: simulated over the radar truth, from NASA's archive, or in a folder.
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
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=2000,
            runtime=180,
        params:
            code=code("simulate_imerg"),
            span=span,
            seed=config["seed"],
            domain=config["domain"],
            run=config["imerg"]["run"],
            errors=config["imerg"]["errors"],
            radar=RADAR_READING,
        script:
            "../scripts/simulate_imerg.py"

elif config["imerg"]["source"] == "earthdata":

    # On a cluster it runs where snakemake does: compute nodes often have no way out.
    localrules:
        download_imerg,

    rule download_imerg:
        output:
            manifest="results/imerg/{month}.parquet",
        log:
            "logs/download_imerg/{month}.log",
        benchmark:
            "logs/download_imerg/{month}.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            archive=1,
            mem_mb=1000,
            runtime=2880,
        params:
            code=code("download_imerg"),
            span=span,
            domain=config["domain"],
            order={
                key: config["imerg"][key]
                for key in ("run", "version", "access", "connections", "ask_again")
            },
        script:
            "../scripts/download_imerg.py"

else:

    rule index_imerg:
        output:
            manifest="results/imerg/{month}.parquet",
        log:
            "logs/index_imerg/{month}.log",
        benchmark:
            "logs/index_imerg/{month}.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            mem_mb=1000,
            runtime=120,
        params:
            code=code("index_imerg"),
            span=span,
            folder=config["imerg"]["folder"],
            run=config["imerg"]["run"],
            version=config["imerg"]["version"],
        script:
            "../scripts/index_imerg.py"
