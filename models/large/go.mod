// A module of its own, so that programs that use lmz do not download this model.
module github.com/lmz-go/lmz/models/large

go 1.26.0
