# The descriptive analysis: how well IMERG does, by condition, place, rate, wavelength and time.
ANALYSIS_FIGURES = [
    "skill_maps",
    "skill_by_age",
    "skill_by_condition",
    "skill_by_two",
    "cycles",
    "performance",
    "contingency",
    "rates",
    "spectra",
    "timing",
]


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
    log:
        "logs/tabulate_month/{month}.log",
    benchmark:
        "logs/tabulate_month/{month}.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("tabulate_month"),
        domain=config["domain"],
        threshold=config["score"]["threshold"],
    script:
        "../scripts/tabulate_month.py"


rule stratify_skill:
    input:
        conditions=every_month("results/analysis/{month}_conditions.parquet"),
        places=every_month("results/analysis/{month}_places.nc"),
        rates=every_month("results/analysis/{month}_rates.parquet"),
        spectra=every_month("results/analysis/{month}_spectra.parquet"),
        timing=every_month("results/analysis/{month}_timing.parquet"),
        tables=every_month("results/scores/{month}.parquet"),
        clusters=f"results/clusters/{METHODS[0]}.parquet",
    output:
        conditions="results/analysis/conditions.parquet",
        places="results/analysis/places.nc",
        joint="results/analysis/joint.parquet",
        thresholds="results/analysis/thresholds.parquet",
        spectra="results/analysis/spectra.parquet",
        timing="results/analysis/timing.parquet",
    log:
        "logs/stratify_skill.log",
    benchmark:
        "logs/stratify_skill.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code("stratify_skill"),
        run=config["imerg"]["run"],
        bootstrap={
            "resamples": config["evaluation"]["resamples"],
            "seed": config["seed"],
        },
    script:
        "../scripts/stratify_skill.py"


rule draw_analysis:
    input:
        "results/analysis/conditions.parquet",
        "results/analysis/places.nc",
        "results/analysis/joint.parquet",
        "results/analysis/thresholds.parquet",
        "results/analysis/spectra.parquet",
        "results/analysis/timing.parquet",
    output:
        [
            report(
                f"results/figures/{name}.svg",
                caption=f"../report/{name}.rst",
                category="Figures",
            )
            for name in ANALYSIS_FIGURES
        ],
    log:
        "logs/draw_analysis.log",
    benchmark:
        "logs/draw_analysis.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=1000,
        runtime=20,
    params:
        code=code("draw_analysis"),
        simulated=SIMULATED,
    script:
        "../scripts/draw_analysis.py"
