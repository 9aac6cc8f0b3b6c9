// Command viewer shows archives in a browser, as WebAssembly in a worker. Built for any other
// system it is the program that makes the page (build.go).
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"syscall/js"
	"time"

	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/stream"
	"github.com/lmz-go/lmz/viewer/view"
)

// host is what worker.js gives: the file, and the way to the page.
type host struct {
	js.Value
	blob *blob
	id   int // of the question at hand
	told time.Time
}

// question is what the page asks.
type question struct {
	ID     int         `json:"id"`
	Ask    string      `json:"ask"`
	At     view.Place  `json:"at"`
	Number int64       `json:"number"` // of a line, from 1
	Query  *view.Query `json:"query"`
}

// message is what the page is told: the answer to a question, or a part of it.
type message struct {
	ID       int        `json:"id"`
	Answer   any        `json:"answer,omitempty"`
	Error    string     `json:"error,omitempty"`
	Progress *advance   `json:"progress,omitempty"`
	Hits     []view.Row `json:"hits,omitempty"`
}

// advance is how far the work is.
type advance struct {
	Done int   `json:"done"` // bytes of the chunk at hand
	Of   int   `json:"of"`
	Read int64 `json:"read"` // up to where the archive has been read
}

func main() {
	h := &host{Value: js.Global().Get("host")}
	h.blob = &blob{host: h.Value, size: int64(h.Get("size").Float())}
	questions := make(chan string, 16)
	h.Set("ask", js.FuncOf(func(_ js.Value, args []js.Value) any {
		questions <- args[0].String()
		return nil
	}))
	var others [][]byte
	for i := range h.Get("others").Length() {
		others = append(others, bytesOf(h.Get("others").Index(i)))
	}
	s := view.NewSource(context.Background(), h.blob, h.blob.size, others, h.progress)
	s.Written = time.UnixMilli(int64(h.Get("modified").Float()))
	h.Call("ready")
	var v *view.View
	for text := range questions {
		var q question
		err := json.Unmarshal([]byte(text), &q)
		h.id = q.ID
		var answer any
		if err == nil && v == nil {
			v, err = s.Open()
		}
		if err == nil {
			answer, err = h.answer(v, &q)
		}
		m := message{ID: q.ID, Answer: answer}
		if err != nil {
			m = message{ID: q.ID, Error: explained(err)}
		}
		h.tell(m)
	}
}

func (h *host) answer(v *view.View, q *question) (any, error) {
	switch q.Ask {
	case "summary":
		return v.Summary(), nil
	case "forward":
		return v.Forward(q.At)
	case "back":
		return v.Back(q.At.Offset)
	case "line":
		return v.Line(q.Number)
	case "highlight":
		return true, v.Highlight(q.Query)
	case "find":
		return h.find(v, q)
	case "list":
		return v.List(), nil
	case "check":
		return v.Check()
	case "save":
		return v.WriteTo(saver{h})
	}
	return nil, fmt.Errorf("unknown question %q", q.Ask)
}

// find tells of hits some at a time.
func (h *host) find(v *view.View, q *question) (any, error) {
	var hits []view.Row
	last := time.Now()
	flush := func() {
		if len(hits) > 0 {
			h.tell(message{ID: h.id, Hits: hits})
		}
		hits, last = nil, time.Now()
	}
	shown := 0
	found, err := v.Find(q.Query, func(x view.Row) error {
		if shown++; shown <= shownHits || x.Lost != nil {
			hits = append(hits, x)
		}
		if len(hits) >= 100 || time.Since(last) > tellEvery {
			flush()
		}
		return nil
	})
	flush()
	return found, err
}

// shownHits is how many lines that were found are told of: more of them are counted.
const shownHits = 2000

const tellEvery = 100 * time.Millisecond

func (h *host) progress(done, of int) {
	if time.Since(h.told) < tellEvery {
		return
	}
	h.told = time.Now()
	h.tell(message{ID: h.id, Progress: &advance{done, of, h.blob.read}})
}

func (h *host) tell(m message) {
	text, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	h.Call("tell", string(text))
}

// saver gives content to the page.
type saver struct{ *host }

func (s saver) Write(p []byte) (int, error) {
	part := js.Global().Get("Uint8Array").New(len(p))
	js.CopyBytesToJS(part, p)
	s.Call("part", s.id, part)
	s.progress(0, 0)
	return len(p), nil
}

func bytesOf(v js.Value) []byte {
	p := make([]byte, v.Length())
	js.CopyBytesToGo(p, v)
	return p
}

// explained is an error with what can be done about it here.
func explained(err error) string {
	var unknown *models.NotFoundError
	switch {
	case errors.As(err, &unknown):
		return fmt.Sprintf("%v; give the model's file together with the archive's", err)
	case errors.Is(err, stream.ErrTooLarge):
		return fmt.Sprintf("%v; the command lmz reads it with more memory", err)
	}
	return err.Error()
}
