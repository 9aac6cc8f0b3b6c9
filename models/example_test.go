package models_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/lmz-go/lmz/codec"
	"github.com/lmz-go/lmz/models"
	"github.com/lmz-go/lmz/models/embedded"
	"github.com/lmz-go/lmz/stream"
)

// A store finds the models that archives name, and opens each of them once.
func ExampleStore() {
	store := models.NewStore(models.Options{Embedded: embedded.Models()}) // nothing is opened yet
	defer store.Close()

	model, err := store.Open(context.Background(), "nano", "") // of class exact, which needs no libllama
	if err != nil {
		fmt.Println(err)
		return
	}
	var archive bytes.Buffer
	w, err := stream.NewWriter(&archive, model, stream.WithMethod(codec.LM))
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
	fmt.Printf("%s%s %v\n", text, r.Header().Model.Class, err)

	_, err = store.Open(context.Background(), "absent", "")
	var missing *models.NotFoundError
	fmt.Println(errors.As(err, &missing), err)
	// Output:
	// Nov 24 01:47:01 host app: ready
	// exact <nil>
	// true no model "absent"
}
