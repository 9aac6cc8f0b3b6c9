package explain

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/lmz-go/lmz/internal/archivetest"
	"github.com/lmz-go/lmz/internal/cost"
	"github.com/lmz-go/lmz/lm"
	"github.com/lmz-go/lmz/stream"
)

// shopLog is n lines of the log of a shop that does not exist.
func shopLog(n int) []byte {
	rng := rand.New(rand.NewPCG(11, 7))
	at := time.Date(2026, 3, 2, 8, 15, 27, 0, time.UTC)
	paths := []string{"/cart", "/cart/add", "/checkout", "/search", "/item", "/login"}
	names := []string{"storefront", "payment", "stock"}
	var b bytes.Buffer
	for i := range n {
		at = at.Add(time.Duration(rng.ExpFloat64() * float64(40*time.Millisecond)))
		fmt.Fprintf(&b, "%s %-5s %s ", at.Format("2006-01-02T15:04:05.000000Z"), "INFO", names[rng.IntN(3)])
		switch k := rng.IntN(20); {
		case k < 14:
			status := 200
			if rng.IntN(30) == 0 {
				status = 503
			}
			fmt.Fprintf(&b, "request_id=%016x user=%d GET %s status=%d took %d ms\n", rng.Uint64(), 1000+rng.IntN(60), paths[rng.IntN(6)], status, 1+int(rng.ExpFloat64()*9))
		case k < 17:
			fmt.Fprintf(&b, "cache miss for product %d, asking the database\n", rng.IntN(400))
		case k < 19:
			fmt.Fprintf(&b, "order %d is paid by card\n", 500000+i)
		default:
			fmt.Fprintf(&b, "the payment provider does not answer, trying again in %d s\n", 1<<rng.IntN(5))
		}
	}
	return b.Bytes()
}

// explained is the Report about a text, and the archive that it is of.
func explained(t testing.TB, text []byte, m lm.Model, opts ...stream.WriterOption) (*Report, []byte) {
	t.Helper()
	archive := archivetest.Compress(t, m, text, opts...)
	r, err := Read(t.Context(), bytes.NewReader(archive), cost.Options{}, Source{})
	if err != nil {
		t.Fatal(err)
	}
	r.Finish("shop.log")
	return r, archive
}
