# Figures, and the report.
DRAWN = (
    [
        "availability",
        "evidence",
        "responses",
        "redundancy",
        "learning",
    ]
    + (["world"] if WORLD_TABLES else [])
    + (["ablation"] if COMPARED else [])
    + (["latent_sizes"] if LATENTS else [])
)
FIGURES = DRAWN + ANALYSIS_FIGURES + CLUSTER_FIGURES + SKILL_FIGURES + METHODS_FIGURES


EXPERIMENTS = ["results/evaluation/ablation.parquet"] if COMPARED else []
EXPERIMENTS += ["results/evaluation/latent_sizes.parquet"] if LATENTS else []


rule draw_figures:
    input:
        manifests=every_month("results/imerg/{month}.parquet")
        + every_month("results/radar/{month}.parquet"),
        tables=every_month("results/scores/{month}.parquet"),
        curves=["results/models/unet_curve.csv", "results/models/autoencoder_curve.csv"],
        evidence=["results/choice/evidence.parquet", "results/choice/choice.json"],
        world=WORLD_TABLES,
        experiments=EXPERIMENTS,
    output:
        [
            report(
                f"results/figures/{name}.svg",
                caption=f"../report/{name}.rst",
                category="Figures",
            )
            for name in DRAWN
        ],
    log:
        "logs/draw_figures.log",
    benchmark:
        "logs/draw_figures.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: 2
    resources:
        mem_mb=3000,
        runtime=60,
    params:
        code=code("draw_figures"),
        months=MONTHS,
        method=METHODS[0],
        simulated=SIMULATED,
    script:
        "../scripts/draw_figures.py"


rule write_report:
    input:
        figures=expand("results/figures/{name}.svg", name=FIGURES),
        manifests=every_month("results/imerg/{month}.parquet")
        + every_month("results/radar/{month}.parquet"),
        tables=every_month("results/scores/{month}.parquet"),
        skill="results/evaluation/skill.parquet",
        paired="results/evaluation/paired.parquet",
        evidence=["results/choice/evidence.parquet", "results/choice/choice.json"],
        conditions="results/analysis/conditions.parquet",
        labels=f"results/clusters/{METHODS[0]}_labels.parquet",
        checks=f"results/clusters/{METHODS[0]}_coverage.parquet",
        cards=["results/models/unet.json", f"results/models/{METHODS[0]}.json"],
        scored="results/scored",
        world=WORLD_TABLES,
    output:
        report="results/report.html",
    log:
        "logs/write_report.log",
    benchmark:
        "logs/write_report.tsv"
    conda:
        "../envs/rainscore.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code("write_report"),
        title=config["title"],
        months=MONTHS,
        method=METHODS[0],
        simulated=SIMULATED,
        seed=config["seed"],
        captions={
            name: (CHECKOUT / f"report/{name}.rst").read_text().strip()
            for name in [*FIGURES, "scored"]
        },
    script:
        "../scripts/write_report.py"
