# What would be downloaded, what the period holds, and whether the radar's clock and sums are right.
localrules:
    plan,


# Prints, before anything travels: how many files, how large, how long (snakemake --cores 1 plan).
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
            for key in ("run", "version", "access", "connections")
        },
    script:
        "../scripts/plan.py"


rule describe_data:
    input:
        imerg=every_month("results/imerg/{month}.parquet"),
        radar=every_month("results/radar/{month}.parquet"),
    output:
        availability="results/data/availability.parquet",
        lag="results/data/lag.parquet",
        days="results/data/availability.svg",
        figure="results/data/lag.svg",
    log:
        "logs/describe_data.log",
    benchmark:
        "logs/describe_data.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=3000,
        runtime=120,
    params:
        code=code("describe_data"),
        domain=config["domain"],
        radar=config["radar"],
        period=f"{MONTHS[0]} to {MONTHS[-1]}",
        world="simulated" if SIMULATED else "real",
        half_hours=150,
    script:
        "../scripts/describe_data.py"


if config["radar"]["gauges"]:

    rule check_radar:
        input:
            pairs=every_month("results/pairs/{month}.nc"),
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
            mem_mb=3000,
            runtime=120,
        params:
            code=code("check_radar"),
            folder=config["radar"]["gauges"],
        script:
            "../scripts/check_radar.py"
