package evidence_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/lmz-go/lmz/evidence"
	"github.com/lmz-go/lmz/stream"
)

// Whoever knows the root of an archive verifies a line without it.
func Example() {
	var archive bytes.Buffer
	w, err := stream.NewWriter(&archive, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprint(w, "door opened\nsafe opened\ndoor closed\n")
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	a, err := stream.Open(bytes.NewReader(archive.Bytes()), int64(archive.Len()), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	prover, err := evidence.New(a)
	if err != nil {
		log.Fatal(err)
	}
	root := prover.Head().Root // to be signed, or published
	line, err := prover.Line(2)
	if err != nil {
		log.Fatal(err)
	}
	document := evidence.Text(line)

	doc, err := evidence.Parse(document)
	if err != nil {
		log.Fatal(err)
	}
	proof := doc.(*evidence.LineProof)
	fmt.Printf("line %d: %q %v\n", proof.Line, proof.Text, proof.Verify(root))
	proof.Text = []byte("safe closed\n")
	fmt.Println(proof.Verify(root) != nil)
	// Output:
	// line 2: "safe opened\n" <nil>
	// true
}
