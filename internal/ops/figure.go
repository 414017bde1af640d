package ops

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// few is the count below which a figure of people or letters is left out.
const few = 5

// Figure is one number, as it is at the moment.
type Figure struct {
	Name  string // gatepost_…, with its unit where it has one
	Help  string // a sentence
	Label string // such as "state"; "" for none. Never an agency, a case or a person
	Of    string // the label's value
	Value float64
	// People: the number counts people or letters, and is left out below five.
	People bool
	// Total: the number only grows, from the start of the process.
	Total bool
}

// Ages gives a duration in whole hours: an age to the second could tell whose it is.
func Ages(d time.Duration) float64 { return math.Floor(max(d, 0).Hours()) * 3600 }

// Source asks for figures. It is asked at most once in Every, and then for a few
// seconds; what it could not learn, it leaves out.
type Source struct {
	Every time.Duration // at least fifteen seconds
	Ask   func(context.Context) []Figure
}

// counters are what happens in this process.
type counters struct {
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	refused  *prometheus.CounterVec
}

func newCounters() counters {
	return counters{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "gatepost_requests_total", Help: "Requests answered, by pattern of the route and class of the status."}, []string{"route", "status"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "gatepost_request_seconds", Help: "Time until a request was answered, by pattern of the route.",
			Buckets: []float64{0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15}}, []string{"route"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "gatepost_refusals_total", Help: "Requests that were refused, by kind of the fault."}, []string{"kind"}),
	}
}

func (c counters) register(r *prometheus.Registry) {
	r.MustRegister(c.requests, c.took, c.refused, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
}

// Answered counts one request. route is the pattern, kind that of the fault or
// "". A connection that was taken over (101) counts, and has no time.
func (w *Watch) Answered(route string, status int, kind string, took time.Duration) {
	w.counters.requests.WithLabelValues(route, class(status)).Inc()
	if status != 101 {
		w.counters.took.WithLabelValues(route).Observe(took.Seconds())
	}
	if kind != "" {
		w.counters.refused.WithLabelValues(kind).Inc()
	}
}

func class(status int) string {
	if status < 100 || status > 599 {
		return "none"
	}
	return string(rune('0'+status/100)) + "xx"
}

// collector gives what is looked up when Prometheus asks.
type collector struct {
	watch   *Watch
	sources []*kept[[]Figure]
	ready   *prometheus.Desc
	check   *prometheus.Desc
}

func newCollector(w *Watch) *collector {
	c := &collector{watch: w,
		ready: prometheus.NewDesc("gatepost_ready", "Whether people may be sent here.", nil, nil),
		check: prometheus.NewDesc("gatepost_check_ok", "Whether a check of readiness holds.", []string{"check"}, nil)}
	for _, s := range w.config.Figures {
		c.sources = append(c.sources, &kept[[]Figure]{every: max(s.Every, figuresEvery), within: figuresWithin, now: w.config.Now, ask: s.Ask})
	}
	return c
}

// Describe tells nothing, so that figures may come and go (prometheus.Collector).
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect gives every figure that may be told.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	ctx := context.Background()
	truth := func(desc *prometheus.Desc, ok bool, labels ...string) {
		value := 0.0
		if ok {
			value = 1
		}
		out <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	truth(c.ready, c.watch.Ready(ctx))
	for _, r := range c.watch.results(ctx) {
		truth(c.check, r.err == nil, r.name)
	}
	for _, s := range c.sources {
		for _, f := range s.get(ctx) {
			if f.People && f.Value < few {
				continue
			}
			out <- f.metric()
		}
	}
}

func (f Figure) metric() prometheus.Metric {
	var names, values []string
	if f.Label != "" {
		names, values = []string{f.Label}, []string{f.Of}
	}
	kind := prometheus.GaugeValue
	if f.Total {
		kind = prometheus.CounterValue
	}
	m, err := prometheus.NewConstMetric(prometheus.NewDesc(f.Name, f.Help, names, nil), kind, f.Value, values...)
	if err != nil {
		return prometheus.NewInvalidMetric(prometheus.NewInvalidDesc(err), err)
	}
	return m
}
