# Scores of new maps, without radar.
rule score_maps:
    input:
        manifests=every_month("results/imerg/{month}.parquet"),
        tables=every_month("results/scores/{month}.parquet"),
        splits="results/splits.parquet",
        unet=UNET,
        clusterer=multiext(f"results/models/{METHODS[0]}", ".safetensors", ".json"),
        labels=f"results/models/{METHODS[0]}_labels.json",
        codes=[*CODEBOOK, "results/models/codebook_atlas.json"],
        granules=[
            str(CHECKOUT / name) for name in config["prediction"]["granule_files"]
        ],
    output:
        scored=directory("results/scored"),
    log:
        "logs/score_maps.log",
    benchmark:
        "logs/score_maps.tsv"
    conda:
        "../envs/rainscore.yaml"
    threads: THREADS
    resources:
        mem_mb=memory(3000),
        runtime=minutes(60),
    params:
        code=code("score_maps"),
        held_out_count=config["prediction"]["held_out_count"],
        centre=config["prediction"]["centre"],
    script:
        "../scripts/score_maps.py"
