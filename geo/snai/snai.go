// Package snai classes municipalities and hamlets by the Italian national
// strategy for inner areas (Strategia nazionale aree interne), from the time
// to the nearest pole, beside the official classes.
package snai
