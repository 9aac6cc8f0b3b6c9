package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lmz-go/lmz/search"
	"github.com/lmz-go/lmz/stream"
)

// requests is the log of the examples.
func requests(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "2026-11-25T10:%02d:%02d INFO request %d served in %d ms\n", i/60%60, i%60, i, i*7919%977)
	}
	return b.String()
}

// archived is the archive of a text.
func archived(text string, opts ...stream.WriterOption) []byte {
	var b bytes.Buffer
	w, err := stream.NewWriter(&b, nil, opts...)
	if err == nil {
		if _, err = io.WriteString(w, text); err == nil {
			err = w.Close()
		}
	}
	if err != nil {
		log.Fatal(err)
	}
	return b.Bytes()
}

// A Writer takes bytes and writes an archive. What it returned no error for is complete only when
// Close returns none.
func ExampleWriter() {
	var archive bytes.Buffer
	w, err := stream.NewWriter(&archive, nil, stream.WithLevel(3)) // nil: no language model
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.Copy(w, strings.NewReader(requests(1000))); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(requests(1000)) > 10*archive.Len())
	// Output: true
}

// A Reader gives back what was written, from front to back.
func ExampleReader() {
	r, err := stream.NewReader(bytes.NewReader(archived("first line\nsecond line\n")), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	if _, err := io.Copy(os.Stdout, r); err != nil {
		log.Fatal(err)
	}
	// Output:
	// first line
	// second line
}

// An Archive is an io.ReadSeeker, so net/http serves ranges of what an archive holds, and decodes
// only the chunks that are asked for. A view that ends with the request keeps clients that are gone
// from costing anything.
func ExampleArchive_httpRanges() {
	archive := archived(requests(1000))
	a, err := stream.Open(bytes.NewReader(archive), int64(len(archive)), nil) // as a rule an *os.File
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, path.Base(r.URL.Path), time.Time{}, a.WithContext(r.Context()))
	}))
	defer server.Close()

	// Many may ask at once: a chunk that several want is decoded once.
	parts := make([]string, 4)
	var clients errgroup.Group
	for i := range parts {
		clients.Go(func() error {
			request, err := http.NewRequest(http.MethodGet, server.URL+"/requests.log", nil)
			if err != nil {
				return err
			}
			request.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", 100*i, 100*i+19))
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				return err
			}
			defer response.Body.Close()
			part, err := io.ReadAll(response.Body)
			parts[i] = fmt.Sprintf("%s: %q", response.Status, part)
			return err
		})
	}
	if err := clients.Wait(); err != nil {
		log.Fatal(err)
	}
	for _, part := range parts {
		fmt.Println(part)
	}
	// Output:
	// 206 Partial Content: "2026-11-25T10:00:00 "
	// 206 Partial Content: "s\n2026-11-25T10:00:0"
	// 206 Partial Content: "09 ms\n2026-11-25T10:"
	// 206 Partial Content: "in 515 ms\n2026-11-25"
}

// LineOffset and ReadAt give any line of an archive.
func ExampleArchive_LineOffset() {
	archive := archived(requests(1000))
	a, err := stream.Open(bytes.NewReader(archive), int64(len(archive)), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	at, err := a.LineOffset(997) // counted from 0
	if err != nil {
		log.Fatal(err)
	}
	if _, err := a.WriteRange(os.Stdout, at, a.Size()-at); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 2026-11-25T10:16:37 INFO request 997 served in 106 ms
	// 2026-11-25T10:16:38 INFO request 998 served in 209 ms
	// 2026-11-25T10:16:39 INFO request 999 served in 312 ms
}

// Search finds lines and decodes only the chunks that may have some. Found may read the archive,
// and ends the search by an error.
func ExampleArchive_Search() {
	archive := archived(requests(1000))
	a, err := stream.Open(bytes.NewReader(archive), int64(len(archive)), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	pattern, err := search.Compile(`request \d+99 `, search.Options{})
	if err != nil {
		log.Fatal(err)
	}
	found, err := a.Search(stream.Search{Pattern: pattern, Found: func(l stream.Line) error {
		if l.Number < 500 {
			fmt.Printf("%d: %s\n", l.Number, l.Text)
		}
		return nil
	}})
	fmt.Println(found.Lines, err)
	// Output:
	// 200: 2026-11-25T10:03:19 INFO request 199 served in 957 ms
	// 300: 2026-11-25T10:04:59 INFO request 299 served in 510 ms
	// 400: 2026-11-25T10:06:39 INFO request 399 served in 63 ms
	// 9 <nil>
}

// A Span takes the lines of a time, of any pattern: here those of half a minute that took
// less than 100 ms.
func ExampleTimeSpan() {
	archive := archived(requests(1000))
	a, err := stream.Open(bytes.NewReader(archive), int64(len(archive)), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	pattern, err := search.Compile(` \d\d ms`, search.Options{}) // "" is any line
	if err != nil {
		log.Fatal(err)
	}
	since := time.Date(2026, 11, 25, 10, 10, 0, 0, time.UTC) // the log has no zone: as a clock shows
	span := stream.TimeSpan{Since: since, Until: since.Add(30 * time.Second)}
	_, err = a.Search(stream.Search{Pattern: pattern, Span: &span, Found: func(l stream.Line) error {
		fmt.Printf("%s\n", l.Text)
		return nil
	}})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// 2026-11-25T10:10:08 INFO request 608 served in 96 ms
	// 2026-11-25T10:10:17 INFO request 617 served in 46 ms
	// 2026-11-25T10:10:27 INFO request 627 served in 99 ms
}

// What is small is compressed and decompressed at once. Many goroutines share the Writer and the
// Reader, which keep their tables from call to call.
func ExampleWriter_EncodeAll() {
	w, err := stream.NewWriter(nil, nil, stream.WithLevel(3))
	if err != nil {
		log.Fatal(err)
	}
	r, err := stream.NewReader(nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	var messages errgroup.Group
	for i := range 10 {
		messages.Go(func() error {
			archive, err := w.EncodeAll([]byte(requests(i)), nil)
			if err != nil {
				return err
			}
			text, err := r.DecodeAll(archive, nil)
			if err == nil && string(text) != requests(i) {
				err = fmt.Errorf("%d requests are others now", i)
			}
			return err
		})
	}
	fmt.Println(messages.Wait())
	// Output: <nil>
}

// Writers of streams that are opened often are pooled, for their tables. Reset lets go of the
// stream that was written.
func ExampleWriter_Reset() {
	writers := sync.Pool{New: func() any {
		w, err := stream.NewWriter(nil, nil, stream.WithLevel(3))
		if err != nil {
			log.Fatal(err) // it is one of the options
		}
		return w
	}}
	archive := func(dst io.Writer, src io.Reader) error {
		w := writers.Get().(*stream.Writer)
		defer writers.Put(w)
		defer w.Reset(nil)
		w.Reset(dst)
		_, err := io.Copy(w, src)
		return errors.Join(err, w.Close())
	}
	for i := range 3 {
		var b bytes.Buffer
		if err := archive(&b, strings.NewReader(requests(100*i))); err != nil {
			log.Fatal(err)
		}
		text, err := io.ReadAll(reader(&b))
		fmt.Println(string(text) == requests(100*i), err)
	}
	// Output:
	// true <nil>
	// true <nil>
	// true <nil>
}

// reader is that of an archive.
func reader(r io.Reader) io.Reader {
	z, err := stream.NewReader(r, nil)
	if err != nil {
		log.Fatal(err)
	}
	return z
}
