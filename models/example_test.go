package models_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
	"github.com/lmz-go/lmz/stream"
)

// A store finds the models that archives name, and opens each of them once.
func ExampleStore() {
	store := models.NewStore(models.Options{Embedded: embedded.Models()}) // nothing is opened yet
	defer store.Close()

	var archive bytes.Buffer
	w, err := stream.NewWriter(&archive, nil) // or store.Open(ctx, "base", "") instead of nil, with the build tag llama
	if err != nil {
		fmt.Println(err)
		return
	}
	io.WriteString(w, "Nov 24 01:47:01 host app: ready\n")
	if err := w.Close(); err != nil {
		fmt.Println(err)
		return
	}
	r, err := stream.NewReader(&archive, store.Model)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	text, err := io.ReadAll(r)
	fmt.Printf("%s%v\n", text, err)

	_, err = store.Open(context.Background(), "absent", "")
	var missing *models.NotFoundError
	fmt.Println(errors.As(err, &missing), err)
	// Output:
	// Nov 24 01:47:01 host app: ready
	// <nil>
	// true no model "absent"
}
