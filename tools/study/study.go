//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/lmz-go/lmz/internal/gguf"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
)

// options are what the command line says.
type options struct {
	quick  bool
	bytes  int // of a class of inputs, at most
	data   string
	media  string
	models []string // beside the embedded ones
}

// study is what the tables measure with.
type study struct {
	options
	ctx    context.Context
	models []*model // the embedded ones first, the largest of them first
	inputs []input
	store  *models.Store
	out    io.Writer // for progress

	began         time.Time
	ahead, behind float64 // seconds that all tables, and those that are done, were said to take
	now           *table
	parts, done   int // of the table now
}

// model is a language model and what it weighs.
type model struct {
	lm.Model
	name       string
	bytes      int64 // of the file
	parameters int64
}

func newStudy(ctx context.Context, o options, wanted []*table) (*study, error) {
	s := &study{options: o, ctx: ctx, out: os.Stderr, began: time.Now()}
	if s.bytes == 0 {
		if s.bytes = fullBytes; s.quick {
			s.bytes = quickBytes
		}
	}
	for _, t := range wanted {
		s.ahead += s.expected(t)
	}
	s.store = models.NewStore(models.Options{Embedded: embedded.Models()})
	var names []string
	for _, e := range embedded.Models() {
		names = append(names, e.Name)
	}
	for _, name := range append(names, o.models...) {
		m, err := s.open(name)
		if err != nil {
			s.close()
			return nil, fmt.Errorf("model %s: %w", name, err)
		}
		s.models = append(s.models, m)
	}
	var err error
	if s.inputs, err = s.load(); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *study) close() { s.store.Close() }

func (s *study) open(name string) (*model, error) {
	f, err := s.store.Locate(name)
	if err != nil {
		return nil, err
	}
	r, size, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	h, err := gguf.Read(r, size)
	if err != nil {
		return nil, err
	}
	m, err := s.store.Open(s.ctx, name, "")
	if err != nil {
		return nil, err
	}
	return &model{m, f.Name(), size, int64(h.Parameters())}, nil
}

// measure runs the tables, and hands out what there is after each of them.
func (s *study) measure(wanted []*table, done func([]section) error) ([]section, error) {
	var sections []section
	for _, t := range wanted {
		s.now, s.parts, s.done = t, 1, 0
		s.say("%s", t.title)
		r, err := t.run(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		for _, why := range r.Skipped {
			s.say("left out: %s", why)
		}
		sections = append(sections, section{t, r})
		if err := done(sections); err != nil {
			return nil, err
		}
		s.behind += s.expected(t)
	}
	return sections, nil
}

func (s *study) expected(t *table) float64 {
	if s.quick {
		return float64(t.seconds[0])
	}
	return float64(t.seconds[1])
}

// plan says how many steps the table that is running will tell of.
func (s *study) plan(steps int) { s.parts, s.done = max(1, steps), 0 }

// step tells that one of them is done, and how long the rest of the study will take if it goes on
// as it did.
func (s *study) step(format string, args ...any) {
	s.done = min(s.done+1, s.parts)
	spent := time.Since(s.began)
	share := (s.behind + s.expected(s.now)*float64(s.done)/float64(s.parts)) / max(1, s.ahead)
	left := time.Duration(float64(spent) * (1/max(share, 1e-3) - 1))
	s.say("%s %d/%d: %s; %v, about %v left", s.now.name, s.done, s.parts, fmt.Sprintf(format, args...),
		spent.Round(time.Second), left.Round(time.Second))
}

func (s *study) say(format string, args ...any) {
	fmt.Fprintf(s.out, "study: "+format+"\n", args...)
}

// again is the command that measures a table again.
func (s *study) again(table string) string {
	var words []string
	usual := fullBytes
	if s.quick {
		usual = quickBytes
	}
	if s.bytes != usual {
		words = append(words, fmt.Sprintf("-bytes %d", s.bytes))
	}
	for _, name := range s.options.models {
		words = append(words, "-m "+name)
	}
	if s.quick {
		words = append(words, "quick")
	}
	c := "make study STUDY=" + table
	if len(words) > 0 {
		c = fmt.Sprintf("make study STUDY='%s %s'", strings.Join(words, " "), table)
	}
	if s.data != "" && !s.quick {
		c += " DATA=" + s.data
	}
	return c
}

// describe says what was measured with.
func (s *study) describe() []string {
	lines := []string{fmt.Sprintf("%s, %d cores, %s", runtime.GOARCH, runtime.GOMAXPROCS(0), runtime.Version())}
	for _, m := range s.models {
		lines = append(lines, fmt.Sprintf("model %s: %s parameters, a file of %s bytes, class %s", m.name, grouped(m.parameters), grouped(m.bytes), m.ID().Class))
	}
	for _, class := range s.classes() {
		inputs := s.of(class)
		lines = append(lines, fmt.Sprintf("class %s: %s bytes of %s", class, grouped(total(inputs)), namesOf(inputs)))
	}
	return lines
}
