package members_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"strings"

	"github.com/lmz-go/lmz/members"
	"github.com/lmz-go/lmz/stream"
)

// The files of an archive are a file system, for whatever takes one.
func Example() {
	var archive bytes.Buffer
	w, err := stream.NewWriter(&archive, nil)
	if err != nil {
		log.Fatal(err)
	}
	files := members.NewWriter(w)
	for _, name := range []string{"logs/app.log", "logs/app.log.1"} {
		text := "what " + name + " says\n"
		if err := files.Add(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644}, strings.NewReader(text)); err != nil {
			log.Fatal(err)
		}
	}
	if err := files.Close(); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}

	a, err := stream.Open(bytes.NewReader(archive.Bytes()), int64(archive.Len()), nil)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	system, err := members.Open(a)
	if err != nil {
		log.Fatal(err)
	}
	names, err := fs.Glob(system, "logs/*")
	if err != nil {
		log.Fatal(err)
	}
	text, err := fs.ReadFile(system, "logs/app.log.1")
	fmt.Printf("%q %q %v\n", names, text, err)
	_ = http.FileServerFS(system) // serves them
	// Output: ["logs/app.log" "logs/app.log.1"] "what logs/app.log.1 says\n" <nil>
}
