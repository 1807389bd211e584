// Roles of one principal on one storage account.

@description('Name of the storage account, which is there.')
param accountName string

@description('Object id of the service principal.')
param principalId string

@description('Id of the principal\'s resource, which is known before its object id is.')
param principalResourceId string

@description('GUIDs of the roles.')
param roleIds string[]

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: accountName
}

resource assignments 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for roleId in roleIds: {
    scope: account
    name: guid(account.id, principalResourceId, roleId)
    properties: {
      principalId: principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
    }
  }
]
