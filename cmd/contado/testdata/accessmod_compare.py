#!/usr/bin/python3
"""Compares two rasters of minutes: cells, cells that differ, people of the
first raster's cells within a limit. accessmod_compare.py OURS GRASS PEOPLE LIMIT"""
import json
import sys

import numpy as np
from osgeo import gdal

gdal.UseExceptions()
ours, grass, people = (gdal.Open(f).ReadAsArray().astype(float) for f in sys.argv[1:4])
limit = int(sys.argv[4])
people[people == 255] = 0
within = lambda m: float(people[(m >= 0) & (m <= limit)].sum())
print(json.dumps({
    "cells": int(ours.size), "differ": int((ours != grass).sum()),
    "reached": int((grass >= 0).sum()), "people": float(people.sum()), "ours": within(ours), "grass": within(grass),
}))
