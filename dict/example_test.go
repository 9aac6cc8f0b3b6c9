package dict_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/lmz-go/lmz/dict"
	"github.com/lmz-go/lmz/stream"
)

// Small files of a kind are smaller with a dictionary of others, which readers need, too.
func ExampleBuild() {
	var samples [][]byte
	for i := range 20 {
		samples = append(samples, report(i))
	}
	text := dict.Build(samples, 64<<10)

	message := report(99)
	compress := func(opts ...stream.WriterOption) []byte {
		w, err := stream.NewWriter(nil, nil, append(opts, stream.WithLevel(1))...)
		if err != nil {
			log.Fatal(err)
		}
		archive, err := w.EncodeAll(message, nil)
		if err != nil {
			log.Fatal(err)
		}
		return archive
	}
	with, without := compress(stream.WithDictionary(text)), compress()

	r, err := stream.NewReader(nil, nil, stream.WithDictionaries(stream.DictionarySet(text)))
	if err != nil {
		log.Fatal(err)
	}
	back, err := r.DecodeAll(with, nil)
	fmt.Println(bytes.Equal(back, message), err, len(with) < len(without)*3/4)
	// Output: true <nil> true
}

func report(i int) []byte {
	return fmt.Appendf(nil, `{"build": %d, "host": "node%d",
 "steps": [{"step": "fetch", "seconds": %d}, {"step": "compile", "seconds": %d},
  {"step": "unit tests", "seconds": %d}, {"step": "packages for release", "seconds": %d}],
 "result": "passed", "artifacts": ["linux-amd64.tar.gz", "linux-arm64.tar.gz"]}
`, 1000+i, i%7, i%5, 20+i*3%11, 60+i*7%23, 5+i%3)
}
