module vramauto.org/vramauto

go 1.19
