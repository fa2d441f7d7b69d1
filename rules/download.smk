# Manifests of IMERG granules and radar frames: downloaded from an archive, or found in a folder.
localrules:
    plan,


# Prints how many files would be downloaded, how large, how long (snakemake --cores 1 plan).
rule plan:
    log:
        "logs/plan.log",
    conda:
        "../envs/rainscore.yaml"
    resources:
        archive=1,
    params:
        code=code("plan"),
        spans=SPANS,
        domain=config["domain"],
        imerg=config["imerg"]["source"],
        radar=config["radar"]["source"],
        order={
            key: config["imerg"][key]
            for key in ("run", "version", "access", "max_connections")
        },
    script:
        "../scripts/plan.py"


if config["imerg"]["source"] == "earthdata":

    # On a cluster it runs where snakemake does: compute nodes often have no network.
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
                for key in (
                    "run",
                    "version",
                    "access",
                    "max_connections",
                    "retry_missing",
                )
            },
        script:
            "../scripts/download_imerg.py"

elif config["imerg"]["source"] == "local":

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
            folder=config["imerg"]["granule_folder"],
            run=config["imerg"]["run"],
            version=config["imerg"]["version"],
        script:
            "../scripts/index_imerg.py"


if config["radar"]["source"] == "zarr":

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
            stamp=config["radar"]["timestamp_convention"],
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
            stamp=config["radar"]["timestamp_convention"],
        script:
            "../scripts/index_year.py"

elif config["radar"]["source"] == "local":

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
            folder=config["radar"]["frame_folder"],
            format=config["radar"]["format"],
            stamp=config["radar"]["timestamp_convention"],
            step_minutes=config["radar"]["step_minutes"],
        script:
            "../scripts/index_radar.py"
