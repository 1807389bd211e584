// Types that several files use.

@export()
@description('Texts by name: tags, application settings.')
type TextByName = {
  *: string
}
