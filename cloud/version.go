package cloud

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"cloud.google.com/go/storage"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	azblobblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// version finds what tells an object from what had its key before and has it later, in whatever the
// SDK has said about the object.
func version(as func(any) bool, info Info) string {
	var (
		etag      string
		object    s3types.Object
		get       s3.GetObjectOutput
		head      s3.HeadObjectOutput
		attrs     storage.ObjectAttrs
		reader    *storage.Reader
		item      container.BlobItem
		streaming azblobblob.DownloadStreamResponse
		props     azblobblob.GetPropertiesResponse
	)
	switch {
	case as(&object):
		etag = aws.ToString(object.ETag)
	case as(&get):
		etag = aws.ToString(get.ETag)
	case as(&head):
		etag = aws.ToString(head.ETag)
	case as(&attrs):
		return strconv.FormatInt(attrs.Generation, 10)
	case as(&reader):
		return strconv.FormatInt(reader.Attrs.Generation, 10)
	case as(&item):
		if item.Properties != nil && item.Properties.ETag != nil {
			etag = string(*item.Properties.ETag)
		}
	case as(&streaming):
		if streaming.ETag != nil {
			etag = string(*streaming.ETag)
		}
	case as(&props):
		if props.ETag != nil {
			etag = string(*props.ETag)
		}
	default:
		return fmt.Sprintf("%d %d", info.ModTime.UnixNano(), info.Size)
	}
	return strings.Trim(etag, `"`)
}

// unchanged makes sure that an object still is this version.
func unchanged(ctx context.Context, b Bucket, of Info) error {
	now, err := b.Stat(ctx, of.Key)
	if err == nil && now.Version != of.Version {
		err = fmt.Errorf("%s: %w", of.Key, ErrChanged)
	}
	return err
}

// quiet keeps the SDK of S3 from saying for each object of several parts that there is no checksum
// of the whole; those of the parts were compared when they were written.
func quiet(as func(any) bool) error {
	var opts *[]func(*s3.Options)
	if as(&opts) {
		*opts = append(*opts, func(o *s3.Options) { o.DisableLogOutputChecksumValidationSkipped = true })
	}
	return nil
}

// match makes a request, to read or to delete, one for this version.
func match(as func(any) bool, version string) {
	var (
		get    *s3.GetObjectInput
		del    *s3.DeleteObjectInput
		handle **storage.ObjectHandle
		stream *azblob.DownloadStreamOptions
		remove *azblobblob.DeleteOptions
	)
	etag := `"` + version + `"`
	switch {
	case as(&get):
		get.IfMatch = &etag
	case as(&del):
		del.IfMatch = &etag
	case as(&handle):
		if generation, err := strconv.ParseInt(version, 10, 64); err == nil {
			*handle = (*handle).If(storage.Conditions{GenerationMatch: generation})
		}
	case as(&stream):
		stream.AccessConditions = accessIf(etag)
	case as(&remove):
		remove.AccessConditions = accessIf(etag)
	}
}

func accessIf(etag string) *azblobblob.AccessConditions {
	is := azcore.ETag(etag)
	return &azblobblob.AccessConditions{ModifiedAccessConditions: &azblobblob.ModifiedAccessConditions{IfMatch: &is}}
}
