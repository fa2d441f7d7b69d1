# Manifests of IMERG granules and radar frames, downloaded from an archive or indexed in a folder.
IMERG_SOURCE = config["imerg"]["source"]
RADAR_SOURCE = config["radar"]["source"]


# Downloads run where snakemake runs: the compute nodes of a cluster often have no network.
localrules:
    plan,
    download_imerg,
    download_radar,
    fetch_imerg,
    fetch_radar,
    download_year,


# Prints an estimate of the number, size and duration of the downloads (snakemake --cores 1 plan).
# It has no output and no benchmark file, so it runs each time.
rule plan:
    log:
        "logs/plan.log",
    conda:
        "../envs/rainscore.yaml"
    resources:
        archive=1,
        mem_mb=memory(1000),
        runtime=minutes(60),
    params:
        code=code("plan"),
        spans=SPANS,
        domain=DOMAIN,
        imerg_source=IMERG_SOURCE,
        radar_source=RADAR_SOURCE,
        store=config["radar"]["store"],
        store_endpoint=config["radar"]["store_endpoint"],
        icechunk={name: config[name]["icechunk"] for name in ("imerg", "radar")},
        timestamp_convention=config["radar"]["timestamp_convention"],
        imerg_folder="results/imerg",
        radar_folder="results/radar",
        request={
            key: config["imerg"][key]
            for key in ("run", "version", "access", "addresses", "max_connections")
        },
    script:
        "../scripts/plan.py"


if IMERG_SOURCE == "earthdata":

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
            mem_mb=memory(1000),
            runtime=minutes(2880),
        params:
            code=code("download_imerg"),
            span=span,
            domain=DOMAIN,
            request={
                key: config["imerg"][key]
                for key in (
                    "run",
                    "version",
                    "access",
                    "addresses",
                    "max_connections",
                    "retry_missing",
                )
            },
        script:
            "../scripts/download_imerg.py"

elif IMERG_SOURCE == "icechunk":

    rule fetch_imerg:
        output:
            manifest="results/imerg/{month}.parquet",
        log:
            "logs/fetch_imerg/{month}.log",
        benchmark:
            "logs/fetch_imerg/{month}.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            archive=1,
            mem_mb=2000,
            runtime=1440,
        params:
            code=code("fetch_imerg"),
            span=span,
            domain=DOMAIN,
            run=config["imerg"]["run"],
            store=config["imerg"]["icechunk"],
        script:
            "../scripts/fetch_imerg.py"

elif IMERG_SOURCE == "local":

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
            mem_mb=memory(1000),
            runtime=minutes(120),
        params:
            code=code("index_imerg"),
            span=span,
            folder=config["imerg"]["granule_folder"],
            run=config["imerg"]["run"],
            version=config["imerg"]["version"],
        script:
            "../scripts/index_imerg.py"


if RADAR_SOURCE == "zarr":

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
            mem_mb=memory(2000),
            runtime=minutes(2880),
        params:
            code=code("download_radar"),
            span=span,
            store=config["radar"]["store"],
            store_endpoint=config["radar"]["store_endpoint"],
            timestamp_convention=config["radar"]["timestamp_convention"],
        script:
            "../scripts/download_radar.py"

elif RADAR_SOURCE == "icechunk":

    rule fetch_radar:
        output:
            manifest="results/radar/{month}.parquet",
        log:
            "logs/fetch_radar/{month}.log",
        benchmark:
            "logs/fetch_radar/{month}.tsv"
        conda:
            "../envs/rainscore.yaml"
        resources:
            archive=1,
            mem_mb=3000,
            runtime=1440,
        params:
            code=code("fetch_radar"),
            span=span,
            domain=DOMAIN,
            store=config["radar"]["icechunk"],
            timestamp_convention=config["radar"]["timestamp_convention"],
        script:
            "../scripts/fetch_radar.py"

elif RADAR_SOURCE == "hub":

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
            mem_mb=memory(2000),
            runtime=minutes(2880),
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
            mem_mb=memory(1000),
            runtime=minutes(20),
        params:
            code=code("index_year"),
            span=span,
            timestamp_convention=config["radar"]["timestamp_convention"],
        script:
            "../scripts/index_year.py"

elif RADAR_SOURCE == "local":

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
            mem_mb=memory(1000),
            runtime=minutes(120),
        params:
            code=code("index_radar"),
            span=span,
            domain=DOMAIN,
            folder=config["radar"]["frame_folder"],
            pattern=config["radar"]["file_pattern"],
            format=config["radar"]["format"],
            timestamp_convention=config["radar"]["timestamp_convention"],
            step_minutes=config["radar"]["step_minutes"],
        script:
            "../scripts/index_radar.py"
