// The families of an exposition as live metrics behind promhttp: promhttp FILE ADDRESS.
package main

import (
	"log"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(file)
	if err != nil {
		log.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	for _, family := range families {
		register(registry, family)
	}
	http.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	log.Fatal(http.ListenAndServe(os.Args[2], nil))
}

func register(registry *prometheus.Registry, family *dto.MetricFamily) {
	names := []string{}
	for _, pair := range family.Metric[0].Label {
		names = append(names, pair.GetName())
	}
	counter := prometheus.NewCounterVec(prometheus.CounterOpts{Name: family.GetName(), Help: family.GetHelp()}, names)
	gauge := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: family.GetName(), Help: family.GetHelp()}, names)
	if family.GetType() == dto.MetricType_COUNTER {
		registry.MustRegister(counter)
	} else {
		registry.MustRegister(gauge)
	}
	for _, metric := range family.Metric {
		labels := prometheus.Labels{}
		for _, pair := range metric.Label {
			labels[pair.GetName()] = pair.GetValue()
		}
		if family.GetType() == dto.MetricType_COUNTER {
			counter.With(labels).Add(metric.GetCounter().GetValue())
		} else {
			gauge.With(labels).Set(metric.GetGauge().GetValue())
		}
	}
}
