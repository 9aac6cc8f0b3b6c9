package stream_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"strings"
	"time"

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
func archived(text string) []byte {
	var b bytes.Buffer
	w, err := stream.NewWriter(&b, nil)
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

	request, err := http.NewRequest(http.MethodGet, server.URL+"/requests.log", nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Range", "bytes=0-45")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	part, err := io.ReadAll(response.Body)
	fmt.Printf("%s: %q, %v\n", response.Status, part, err)
	// Output: 206 Partial Content: "2026-11-25T10:00:00 INFO request 0 served in 0", <nil>
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
