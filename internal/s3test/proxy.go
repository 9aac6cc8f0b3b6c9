package s3test

import (
	"errors"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Proxy is in front of a server, counts what is asked for, and loses some of it.
type Proxy struct {
	Address string

	// Faults says which share of all requests fails in each way, 0 to 1. Set it before requests.
	Faults Faults

	requests sync.Map // method: *atomic.Int64
	reads    sync.Map // path of an object: *atomic.Int64
	sent     atomic.Int64
	failed   sync.Map // name of a fault: *atomic.Int64
	mu       sync.Mutex
	random   *rand.Rand
}

// Faults are the ways to fail. A lost answer is that of a request that was carried out.
type Faults struct{ Busy, TornRequest, LostAnswer, TornAnswer float64 }

// NewProxy starts a proxy, which ends with the test.
func NewProxy(tb testing.TB, to *Server, seed uint64) *Proxy {
	p := &Proxy{random: rand.New(rand.NewPCG(seed, 0))}
	back := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: to.Address})
			r.Out.Host = r.In.Host // which is signed
		},
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
		ModifyResponse: p.answer,
		ErrorLog:       log.New(io.Discard, "", 0),
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.serve(back, w, r) }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	tb.Cleanup(s.Close)
	p.Address = strings.TrimPrefix(s.URL, "http://")
	return p
}

func (p *Proxy) serve(back http.Handler, w http.ResponseWriter, r *http.Request) {
	count(&p.requests, r.Method)
	switch p.choose() {
	case "busy":
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, `<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>`)
		return
	case "torn request":
		if r.ContentLength > 0 {
			r.Body = &torn{r.Body, r.ContentLength / 2}
		}
	case "lost answer":
		back.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case "torn answer":
		r.Header.Set(tearHeader, "1")
	}
	back.ServeHTTP(&counted{w, &p.sent}, r)
}

// choose gives the name of a fault, or nothing.
func (p *Proxy) choose() string {
	p.mu.Lock()
	x := p.random.Float64()
	p.mu.Unlock()
	for _, f := range []struct {
		name  string
		share float64
	}{
		{"busy", p.Faults.Busy}, {"torn request", p.Faults.TornRequest},
		{"lost answer", p.Faults.LostAnswer}, {"torn answer", p.Faults.TornAnswer},
	} {
		if x < f.share {
			count(&p.failed, f.name)
			return f.name
		}
		x -= f.share
	}
	return ""
}

const tearHeader = "X-Lmz-Tear"

// answer counts what is read, and cuts the answer of a request that is to be torn.
func (p *Proxy) answer(r *http.Response) error {
	from := r.Request.Header.Get("Range")
	if r.Request.Method == http.MethodGet && r.StatusCode < 300 && (from == "" || strings.HasPrefix(from, "bytes=0-")) {
		count(&p.reads, r.Request.URL.Path)
	}
	if r.Request.Header.Get(tearHeader) != "" && r.ContentLength > 1 {
		r.Body = &torn{r.Body, r.ContentLength / 2}
	}
	return nil
}

// torn breaks off after some bytes.
type torn struct {
	io.ReadCloser
	left int64
}

var errTorn = errors.New("torn")

func (t *torn) Read(b []byte) (int, error) {
	if t.left <= 0 {
		return 0, errTorn
	}
	n, err := t.ReadCloser.Read(b[:min(int64(len(b)), t.left)])
	t.left -= int64(n)
	return n, err
}

// counted counts the bytes of answers.
type counted struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (c *counted) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.n.Add(int64(n))
	return n, err
}

func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func count(m *sync.Map, name string) {
	n, _ := m.LoadOrStore(name, new(atomic.Int64))
	n.(*atomic.Int64).Add(1)
}

func total(m *sync.Map) map[string]int64 {
	all := map[string]int64{}
	m.Range(func(k, n any) bool {
		all[k.(string)] = n.(*atomic.Int64).Load()
		return true
	})
	return all
}

// Requests counts the requests of each method so far.
func (p *Proxy) Requests() map[string]int64 { return total(&p.requests) }

// Failed counts the requests that failed in each way.
func (p *Proxy) Failed() map[string]int64 { return total(&p.failed) }

// Reads counts how often each object, /BUCKET/KEY, was read from its beginning on.
func (p *Proxy) Reads() map[string]int64 { return total(&p.reads) }

// Sent counts the bytes of all answers so far.
func (p *Proxy) Sent() int64 { return p.sent.Load() }
