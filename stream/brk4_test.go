package stream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lmz-go/lmz/search"
)

func TestBrkCancel(t *testing.T) {
	if os.Getenv("BRK_SECS") == "" {
		t.Skip()
	}
	var in []byte
	for _, f := range []string{"logs/windows-events.json", "logs/pg-syslog.log", "text/dickens"} {
		b, err := os.ReadFile("/work/shared/data/bench/" + f)
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, b...)
	}
	in = append(in, in[:len(in)]...)[:64<<20-1000]
	zeros := make([]byte, 64<<20-1000)
	for name, data := range map[string][]byte{"logs": in, "zeros": zeros} {
		for _, verify := range []bool{false, true} {
			for _, wait := range []time.Duration{5 * time.Millisecond, 60 * time.Millisecond, 300 * time.Millisecond, 1500 * time.Millisecond} {
				ctx, cancel := context.WithCancel(context.Background())
				o := []WriterOption{WithContext(ctx), WithLevel(9), WithWorkers(1)}
				if verify {
					o = append(o, WithVerify(nil, nil))
				}
				z, err := NewWriter(io.Discard, nil, o...)
				if err != nil {
					t.Fatal(err)
				}
				var at time.Time
				time.AfterFunc(wait, func() { at = time.Now(); cancel() })
				_, err = z.Write(data)
				if err == nil {
					err = z.Flush()
				}
				d := time.Since(at)
				c := time.Now()
				cerr := z.Close()
				if at.IsZero() {
					t.Log(name, wait, "was done before")
				} else {
					t.Log(name, "verify", verify, wait, "answers after", d, err, "Close", time.Since(c), cerr)
				}
				if !errors.Is(err, context.Canceled) {
					t.Log("err", err)
				}
				cancel()
			}
		}
	}
	goleak.VerifyNone(t)
	// reading
	var b bytes.Buffer
	z, _ := NewWriter(&b, nil, WithLevel(9), WithWorkers(2))
	z.Write(in[:3<<20])
	z.Close()
	pat, _ := search.Compile("zzzzqq[0-9]", search.Options{})
	for _, wait := range []time.Duration{0, 3 * time.Millisecond, 200 * time.Millisecond} {
		for _, what := range []string{"Reader", "ReadAt", "WriteTo", "Search", "LineOffset", "Close"} {
			ctx, cancel := context.WithCancel(context.Background())
			var at time.Time
			var err error
			time.AfterFunc(wait, func() { at = time.Now(); cancel() })
			if what == "Reader" {
				var r *Reader
				r, err = NewReader(bytes.NewReader(b.Bytes()), nil, WithContext(ctx), WithWorkers(1))
				if err == nil {
					_, err = io.Copy(io.Discard, r)
					r.Close()
				}
			} else {
				a, err2 := Open(bytes.NewReader(b.Bytes()), int64(b.Len()), nil, WithWorkers(1))
				if err2 != nil {
					t.Fatal(err2)
				}
				v := a.WithContext(ctx)
				if what == "Close" {
					v = a
					go func() { <-ctx.Done(); a.Close() }()
				}
				switch what {
				case "ReadAt", "Close":
					_, err = v.ReadAt(make([]byte, 10), a.Size()-10)
				case "WriteTo":
					_, err = v.WriteTo(io.Discard)
				case "Search":
					_, err = v.Search(Search{Pattern: pat})
				case "LineOffset":
					_, err = v.LineOffset(a.Lines() - 1)
				}
				d := time.Since(at)
				c := time.Now()
				a.Close()
				t.Log(what, wait, "answers after", d, err, "close", time.Since(c))
				cancel()
				continue
			}
			t.Log(what, wait, "answers after", time.Since(at), err)
			cancel()
		}
	}
	goleak.VerifyNone(t)
}
