package stream_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/lmz-go/lmz/stream"
)

// object reads ranges of an object that lies in a store, here by HTTP; an SDK's ranged GET does as
// well. It may be read concurrently.
type object struct {
	url   string
	bytes atomic.Int64
}

func (o *object) ReadAt(p []byte, off int64) (int, error) {
	request, err := http.NewRequest(http.MethodGet, o.url, nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, off+int64(len(p))-1))
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusPartialContent {
		return 0, fmt.Errorf("%s: %s", o.url, response.Status)
	}
	n, err := io.ReadFull(response.Body, p)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF // io.ReaderAt says so
	}
	o.bytes.Add(int64(n))
	return n, err
}

// An Archive asks an io.ReaderAt for the parts that it needs: the index, at the end, and the chunks
// with what was asked for. So the last lines of a large object cost little.
func Example_objectStore() {
	var text strings.Builder
	for i := range 15000 {
		fmt.Fprintf(&text, "request %d has the key %x\n", i, sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
	}
	content := archived(text.String(), stream.WithLevel(1), stream.WithChunkSize(128<<10), stream.WithPrimer(32<<10))
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "app.log.lmz", time.Time{}, strings.NewReader(string(content)))
	}))
	defer store.Close()

	o := &object{url: store.URL + "/app.log.lmz"}
	a, err := stream.Open(o, int64(len(content)), nil) // the size is what a HEAD says
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	at, err := a.LineOffset(a.Lines() - 2)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := a.WriteRange(os.Stdout, at, a.Size()-at); err != nil {
		log.Fatal(err)
	}
	fmt.Println("most of the object was left where it is:", o.bytes.Load() < int64(len(content))/3)
	// Output:
	// request 14998 has the key c9d6b6fed7230aadc246ad8ce3e91fc6fc626bcb7a6f7ebbc713cacb785821af
	// request 14999 has the key 149b712a766c0a02b72c6c3a7affadd4085d7b05931b4516edc65a9eb6e22680
	// most of the object was left where it is: true
}
