package examples

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"strings"

	"filippo.io/age"

	"github.com/lmz-go/lmz/stream"
)

// What is encrypted cannot be compressed, so age goes around lmz. The inner writer is closed first.
// age also notices who has changed an archive, which lmz promises for accidents alone.
func Example_age() {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		log.Fatal(err)
	}
	text := strings.Repeat("a line that nobody else may read\n", 1000)

	var file bytes.Buffer
	sealed, err := age.Encrypt(&file, identity.Recipient())
	if err != nil {
		log.Fatal(err)
	}
	w, err := stream.NewWriter(sealed, nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	if err := sealed.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Println("small:", file.Len() < 500)

	opened, err := age.Decrypt(&file, identity)
	if err != nil {
		log.Fatal(err)
	}
	r, err := stream.NewReader(opened, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	back, err := io.ReadAll(r)
	fmt.Println("the same:", string(back) == text, err)
	// Output:
	// small: true
	// the same: true <nil>
}
