# What differs where the library is built to be carried in a Python wheel: pyproject.toml installs it below vramauto/, in the folders
# of any other install. A wheel holds no links: the library is one file, named as programs ask for it.
get_target_property(soversion vramauto SOVERSION)
set_target_properties(vramauto PROPERTIES VERSION ${soversion})
