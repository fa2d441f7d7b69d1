"""The clustering methods by the name that the configuration uses."""

from rainscore.clustering.kmeans import KMeansClusters

METHODS = {"kmeans": KMeansClusters}

DRY = -1
"""Label of a map with too little rain, which is not clustered."""
