package cloud

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/lmz-go/lmz/internal/s3test"
)

// TestTags puts a tag beside those that an object has, or none: not where these cannot be read, and
// not on another version.
func TestTags(t *testing.T) {
	ctx := context.Background()
	server := s3test.Start(t, "logs")
	denied := false // are the tags that an object has
	back := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: server.Address})
		r.Out.Host = r.In.Host // which is signed
	}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if denied && r.Method == http.MethodGet && r.URL.Query().Has("tagging") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		back.ServeHTTP(w, r)
	}))
	defer front.Close()
	b, key, err := Open(ctx, s3test.URL(strings.TrimPrefix(front.URL, "http://"), "logs", "o"))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	put := func(content string) Info {
		t.Helper()
		u, err := b.Create(ctx, key, true, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer u.Discard()
		u.Write([]byte(content))
		info, err := u.Commit()
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	check := func(want map[string]string) {
		t.Helper()
		var client *s3.Client
		b.(objects).b.As(&client)
		is, err := client.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{Bucket: aws.String("logs"), Key: &key})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, tag := range is.TagSet {
			got[*tag.Key] = *tag.Value
		}
		if !maps.Equal(got, want) {
			t.Errorf("tags %v, want %v", got, want)
		}
	}
	info := put("x")
	for _, tag := range []string{"one", "two"} {
		if err := b.Tag(ctx, info, map[string]string{tag: "yes"}); err != nil {
			t.Fatal(err)
		}
	}
	check(map[string]string{"one": "yes", "two": "yes"})
	if now, err := b.Stat(ctx, key); err != nil || now.Version != info.Version {
		t.Errorf("a tag makes another version: %v", err)
	}

	denied = true
	if err := b.Tag(ctx, info, map[string]string{"three": "yes"}); err == nil {
		t.Error("tags that could not be read were replaced")
	}
	denied = false
	check(map[string]string{"one": "yes", "two": "yes"})

	put("y")
	if err := b.Tag(ctx, info, map[string]string{"three": "yes"}); !errors.Is(err, ErrChanged) {
		t.Errorf("tagging another version: %v", err)
	}
	check(map[string]string{})
}
