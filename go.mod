module github.com/lmz-go/lmz

go 1.26
