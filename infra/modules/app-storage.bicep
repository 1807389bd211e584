// The app's own storage account: bundles and states, what the Functions host and Durable Functions keep, and on Flex
// Consumption the package that the app runs from.

import { TextByName } from 'types.bicep'

@description('Name of the storage account: 3 to 24 lower-case letters and digits, unique in Azure.')
@minLength(3)
@maxLength(24)
param accountName string

@description('Where the account is.')
param location string

@description('Replication of the account.')
param skuName string

@description('Container of the package that the app runs from.')
param packageContainerName string

@description('Tags of the account.')
param tags TextByName

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: accountName
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: skuName
  }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource blobService 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {}
}

resource packageContainer 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobService
  name: packageContainerName
  properties: {
    publicAccess: 'None'
  }
}

@description('Where the blobs of the account are.')
output blobEndpoint string = account.properties.primaryEndpoints.blob

@description('Where the queues of the account are.')
output queueEndpoint string = account.properties.primaryEndpoints.queue

@description('Where the tables of the account are.')
output tableEndpoint string = account.properties.primaryEndpoints.table
